"""Golden messages: the bytes of every kind of message, per protocol version, and what they say.

Those of a released version are never made again: today's programs must read them for ever.
"""
