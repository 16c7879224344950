"""The studio: a local web page and a REST interface before the same run that the command line makes.

The server only takes orders, keeps them in SQLite and shows what is there. Workers are processes of their own; each
makes one job at a time through `app/making.py`, in a working folder from which any other worker can go on.
"""
