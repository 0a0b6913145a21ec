"""Agents: profiles, the loop, the executor, approvals, and the runtime that wires the rooms together."""
