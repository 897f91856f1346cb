"""Messages about files: what goes in comes out, and one that was altered at any bit on its way is not believed."""

from __future__ import annotations

import pytest

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.files import (
    FileReply,
    FileRequest,
    decode_file_reply,
    decode_file_request,
    encode_file_message,
)

REQUEST = FileRequest(row_id=bytes(range(16)), at=7, part=b"seven bytes on")
REPLY = FileReply(held=21, whole=True, part=b"what was asked for")


def test_a_message_about_a_file_comes_out_as_it_went_in() -> None:
    assert decode_file_request(encode_file_message(REQUEST)) == REQUEST
    assert decode_file_reply(encode_file_message(REPLY)) == REPLY


@pytest.mark.parametrize(
    ("message", "decode"),
    [(encode_file_message(REQUEST), decode_file_request), (encode_file_message(REPLY), decode_file_reply)],
    ids=("request", "reply"),
)
def test_a_message_about_a_file_with_any_bit_altered_is_refused(message: bytes, decode: object) -> None:
    assert callable(decode)
    for bit in range(8 * len(message)):
        place, number = divmod(bit, 8)
        altered = message[:place] + bytes([message[place] ^ 1 << number]) + message[place + 1 :]
        with pytest.raises(KnownError) as caught:
            decode(altered)
        assert caught.value.code in (Code.DAMAGED_MESSAGE, Code.TOO_LARGE), bit
