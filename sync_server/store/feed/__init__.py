"""The feed: what has changed for a user since a cursor, a page set at a time, and who must hear of a change at once."""
