"""The body of a submit request."""

from __future__ import annotations

import json

import pytest

from batchgen.provider.requests import encoded, submit_body
from tests.provider.provider_server import a_request


def test_body_names_every_field_of_the_api() -> None:
    """The fields are those of the API reference, `with_audio` and `request_id` among them."""
    assert submit_body(a_request(user_id="shop-01"), ["https://s/1.jpg"], "req-1") == {
        "model": "vidu2-image",
        "prompt": "杯子 turns slowly",
        "image_url": "https://s/1.jpg",
        "size": "1280x720",
        "duration": 4,
        "movement_amplitude": "auto",
        "with_audio": False,
        "request_id": "req-1",
        "user_id": "shop-01",
    }


@pytest.mark.parametrize(
    ("model", "pictures", "image_url"),
    [
        ("vidu2-image", ["a"], "a"),
        ("vidu2-start-end", ["a", "b"], ["a", "b"]),
        ("vidu2-reference", ["a"], ["a"]),
    ],
)
def test_pictures_are_text_or_list_as_the_model_wants(
    model: str, pictures: list[str], image_url: object
) -> None:
    """Only vidu2-image takes its picture as one string."""
    assert submit_body(a_request(model), pictures, "r")["image_url"] == image_url


@pytest.mark.parametrize(
    ("model", "sent"),
    [("vidu2-image", None), ("vidu2-start-end", None), ("vidu2-reference", "9:16")],
)
def test_aspect_ratio_is_sent_where_the_model_has_it(model: str, sent: str | None) -> None:
    """A shape that the model does not know is left out."""
    body = submit_body(a_request(model, aspect_ratio="9:16"), ["a", "b"], "r")
    assert body.get("aspect_ratio") == sent


def test_nothing_is_null() -> None:
    """What is not set, an empty prompt too, is left out."""
    body = submit_body(a_request(prompt=""), ["a"], "r")
    assert None not in body.values()
    assert "prompt" not in body
    assert "user_id" not in body


def test_body_is_compact_utf8() -> None:
    """Chinese stays readable, and half a character does not stop the run."""
    assert encoded({"prompt": "杯子", "n": 1}) == '{"prompt":"杯子","n":1}'.encode()
    assert json.loads(encoded({"prompt": "a\ud83d"})) == {"prompt": "a?"}
