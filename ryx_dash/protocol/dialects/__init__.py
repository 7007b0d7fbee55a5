"""What Ryx backends send, turned into events: one table entry a dialect, and no I/O.

The dialect is told by what arrives, message by message. Nothing raises: a message that cannot be
read is an event that says so.
"""
