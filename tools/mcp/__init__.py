"""The MCP client: tools that other processes hold, over stdio or streamable HTTP, by the official SDK.

The SDK takes half a second and tens of megabytes to load, so it is imported when the first server is connected to.
"""
