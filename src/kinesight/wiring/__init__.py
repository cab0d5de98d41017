"""The one place that puts adapters into ports.

More than one module, because a process that analyses one video has no use for a database and a web server, and starts a second
sooner.
"""
