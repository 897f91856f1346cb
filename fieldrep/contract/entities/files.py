"""Files that belong to an account. The record travels like any other; its body comes beside it, never before it."""

from __future__ import annotations

from fieldrep.contract.entity import ScopeRule, declare
from fieldrep.contract.fields import C, Field, Kind, Merge, S
from fieldrep.contract.files import MAX_FILE

MEDIA_TYPES = ("image/jpeg", "image/png", "application/pdf", "application/octet-stream")
"""By content, never by name. What is none of the first three is kept as it is and only ever saved elsewhere."""


@declare("attachment", scope=ScopeRule(account="account_id"), merge=Merge.APPEND, writers=C | S)
class Attachment:
    """A photo or document of an account: what it is called, what it is, how large, and the hash of its bytes."""

    account_id = Field(Kind.REF, "Account", to="account", required=True, parent=True, fixed=True)
    name = Field(Kind.TEXT, "File name", required=True, maximum=200, fixed=True)
    media_type = Field(Kind.CHOICE, "Kind of file", required=True, options=MEDIA_TYPES, fixed=True)
    size = Field(Kind.INTEGER, "Size in bytes", required=True, minimum=1, maximum=MAX_FILE, fixed=True)
    sha256 = Field(Kind.TEXT, "SHA-256", required=True, minimum=64, maximum=64, fixed=True)
