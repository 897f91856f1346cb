"""Files of an account and of what belongs to it. The record travels like any other, with a small picture of itself.

The body comes beside the record, never before it.
"""

from __future__ import annotations

from fieldrep.contract.entity import ScopeRule, declare
from fieldrep.contract.fields import C, Field, Kind, Merge, S
from fieldrep.contract.files import MAX_FILE, MAX_THUMB

MEDIA_TYPES = ("image/jpeg", "image/png", "application/pdf", "application/octet-stream")
"""By content, never by name. What is none of the first three is kept as it is and only ever saved elsewhere."""


@declare(
    "attachment", scope=ScopeRule(account="account_id", user="user_id"), merge=Merge.APPEND, writers=C | S
)
class Attachment:
    """A photo or document: what it is called, what it is, how large, and the hash of its bytes.

    It belongs to an account, or to one contact, address, visit or order; whoever holds that one holds it. It carries
    the account of what it belongs to, or the person where there is no account, so that its scope needs no second look.
    """

    account_id = Field(Kind.REF, "Account", to="account", parent=True, fixed=True)
    user_id = Field(Kind.REF, "Person", to="user", fixed=True)
    contact_id = Field(Kind.REF, "Contact", to="contact", parent=True, fixed=True)
    site_id = Field(Kind.REF, "Address", to="site", parent=True, fixed=True)
    activity_id = Field(Kind.REF, "Activity", to="activity", parent=True, fixed=True)
    order_id = Field(Kind.REF, "Order", to="sales_order", parent=True, fixed=True)
    name = Field(Kind.TEXT, "File name", required=True, maximum=200, fixed=True)
    media_type = Field(Kind.CHOICE, "Kind of file", required=True, options=MEDIA_TYPES, fixed=True)
    size = Field(Kind.INTEGER, "Size in bytes", required=True, minimum=1, maximum=MAX_FILE, fixed=True)
    sha256 = Field(Kind.TEXT, "SHA-256", required=True, minimum=64, maximum=64, fixed=True)
    thumb = Field(Kind.BYTES, "Small picture", maximum=MAX_THUMB, fixed=True)
