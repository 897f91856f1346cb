"""The server's HTTP side: parse, call, encode; nothing else. `app.py` lists every route."""
