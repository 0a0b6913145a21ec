"""The routes: thin translations between HTTP and the runtime, one file for each thing there is."""
