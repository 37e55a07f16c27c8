"""Drives expat over an XML file, chunk by chunk, and refuses what XML can do beside text.

An internal DTD can declare entities that grow without end or name files: it is refused, so there
are no entities but XML's own five. A bare `<!DOCTYPE name SYSTEM "...">` declares nothing here and
is passed over: Yandex feeds begin with one (public templates, read 2026-11-23), and what it names
is never opened. The text is decoded by `Source`, with the encoding that the file declares, since
expat itself knows few.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from xml.parsers import expat

from batchgen.catalogue.source import Source
from batchgen.errors import ManifestError
from batchgen.messages import msg

_CHUNK_CHARACTERS = 1 << 16
#: Bytes in which an XML declaration ends.
_DECLARATION_BYTES = 512
_DECLARED = re.compile(rb"\s*<\?xml\s[^>]*?\bencoding\s*=\s*[\"']([A-Za-z][\w.-]*)[\"']")
#: Declared by files that hold characters of the larger set that grew out of it.
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030"}

#: What is wrong most often, in words for people.
_REASONS = {
    expat.errors.codes[expat.errors.XML_ERROR_NO_ELEMENTS]: msg("the file ends too early"),
    expat.errors.codes[expat.errors.XML_ERROR_INVALID_TOKEN]: msg(
        "a character that may not stand there, such as & where &amp; belongs"
    ),
    expat.errors.codes[expat.errors.XML_ERROR_UNDEFINED_ENTITY]: msg(
        "an entity such as &nbsp; that XML does not have"
    ),
}

#: Takes an element's name as written, and its attributes: name, value, name, value.
OnStart = Callable[[str, list[str]], None]
OnEnd = Callable[[str], None]
OnText = Callable[[str], None]


def declared(source: Source) -> Source:
    """Give the source with the encoding that its XML declaration names.

    An encoding that the job names counts more, and so does a byte order mark.

    Raises:
        ManifestError: the file cannot be read.
    """
    with source.opened() as stream:
        found = _DECLARED.match(stream.read(_DECLARATION_BYTES))
    if found is None or source.encoding != "auto":
        return source
    name = found[1].decode("ascii")
    with suppress(LookupError):  # the name as it is: `Source` will say that it is not known
        name = codecs.lookup(name).name
    return replace(source, encoding=_WIDER.get(name, name))


def parse(source: Source, start: OnStart, end: OnEnd, text: OnText) -> Iterator[None]:
    """Call the three for every element, pausing after each chunk of the file.

    Raises:
        ManifestError: the XML is damaged, or declares or names an entity of its own.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.ordered_attributes = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    _refuse_declarations(source, parser)
    with _telling_damage(source):
        for chunk in _chunks(source):
            parser.Parse(chunk, False)
            yield
        parser.Parse("", True)
    yield


def web_page(source: Source) -> ManifestError:
    """Make the error for a page of HTML that was saved in a feed's place."""
    return source.error(
        msg("it is a web page, not a feed: was it the shop's login page that was saved?")
    )


def _refuse_declarations(source: Source, parser: expat.XMLParserType) -> None:
    def doctype(name: str, _system: str | None, _public: str | None, has_subset: bool) -> None:
        if name.lower() == "html":
            raise web_page(source)
        if has_subset:
            raise source.error(
                msg(
                    "line {line}: its <!DOCTYPE ...> declares parts of its own (a DTD), which can"
                    " do harm and is not read: export the feed without it",
                    line=parser.CurrentLineNumber,
                )
            )

    def skipped_entity(name: str, _is_parameter: bool) -> None:
        raise source.error(
            msg(
                "line {line}: it names the entity &{name}; which XML does not have: export the feed"
                " with the character itself",
                line=parser.CurrentLineNumber,
                name=name,
            )
        )

    parser.StartDoctypeDeclHandler = doctype
    parser.SkippedEntityHandler = skipped_entity


@contextmanager
def _telling_damage(source: Source) -> Iterator[None]:
    try:
        yield
    except expat.ExpatError as error:
        raise source.error(
            msg(
                "it is not whole XML: line {line}, column {column}: {reason}. Nothing of it is"
                " used: export it again",
                line=error.lineno,
                column=error.offset + 1,
                reason=_REASONS.get(error.code) or expat.ErrorString(error.code),
            )
        ) from error


def _chunks(source: Source) -> Iterator[str]:
    """Read the text in pieces of one size: many feeds are a single line."""
    if source.decoding.is_damaged:
        raise source.error(
            msg("some of its bytes are no {codec} text: export it again", codec=source.codec)
        )
    with source.opened() as stream, io.TextIOWrapper(stream, source.codec, newline="") as text:
        yield from iter(partial(text.read, _CHUNK_CHARACTERS), "")
