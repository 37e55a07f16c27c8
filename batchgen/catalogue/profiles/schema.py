"""What a profile says: how one vendor's export names, groups and writes things. Pure.

Profiles are data, one YAML file each (`vendors/`, and those of the user); `loading` reads them.

Headers are compared by `recognition.header_key`: case, blanks, dashes, brackets and their content
do not count. A header may hold one placeholder: `{n}` stands for a number (`副图{n}`),
`{currency}` for three letters (`Variant Price {currency}`), `{any}` for anything.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

#: The profile of batchgen's own column names, and the one of what columns are called in general.
PLAIN, GENERIC = "plain", "generic"
#: Columns that mean something to a clip; all others are free ones for the prompt template.
COLUMNS = (
    "sku",
    "title",
    "prompt",
    "image",
    "images",
    "start_image",
    "end_image",
    "model",
    "size",
    "aspect_ratio",
    "movement_amplitude",
    "with_audio",
    "variant",
    "take",
)
#: Names of ours that only describe the product.
DESCRIBING = ("group", "brand", "category", "price", "currency", "description", "status")


def _our_name(name: str) -> str:
    known = (*COLUMNS, *DESCRIBING)
    if name not in known:
        error = "not_one_of"
        raise PydanticCustomError(error, "must be one of {choices}", {"choices": ", ".join(known)})
    return name


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Headers = Annotated[tuple[str, ...], BeforeValidator(_listed), Field(min_length=1)]
OurName = Annotated[str, AfterValidator(_our_name)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Variants(_Part):
    """How the rows of one product belong together."""

    #: Where a picture stands among those of its product: a number.
    position: Headers | None = None
    #: The variant's own pictures.
    picture: Headers | None = None
    #: What tells the variants of a product apart.
    options: Headers | None = None
    #: Columns that are never filled down: they belong to one variant or one picture.
    own: tuple[str, ...] = ()
    #: Whether a row without a group belongs to the one above it.
    blank_group_continues: bool = False
    #: Column that names the parent: its SKU, or `id:` and its id.
    parent: Headers | None = None
    #: Column of the parent's id.
    id: Headers | None = None
    #: Column that tells what a row is, and the values by which it is a variant: of the row that it
    #: names, or where rows are grouped, of the product above.
    kind: Headers | None = None
    child_kinds: tuple[str, ...] = ()
    #: Column in which a parent lists its variants: `sku=A,color=red|sku=B,color=blue`.
    listed: Headers | None = None
    #: Column that is filled in translations of the row with the same SKU.
    translation: Headers | None = None


class Profile(_Part):
    """One vendor's export."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
    #: What a person calls it; those of the package are translated like messages.
    title: Annotated[str, Field(pattern=r"^[^{}]+$")]
    #: Whether each row is a product, or a product has several rows: one after another under the
    #: same `group`, or anywhere, its variants naming their parent.
    layout: Literal["flat", "grouped", "children"] = "flat"
    #: Headers that must all be there; of several in one entry, one. Without any, the profile is
    #: only used when it is named.
    required: tuple[Headers, ...] = ()
    #: Headers that make it surer.
    strong: tuple[str, ...] = ()
    #: Headers that must not be there.
    negative: tuple[str, ...] = ()
    #: Our name -> headers, the one that is looked at first in front.
    columns: dict[OurName, Headers] = Field(default_factory=dict)
    variants: Variants = Variants()
    #: Sign between the pictures of a cell; without it, all that are common are tried.
    picture_separator: Annotated[str, Field(min_length=1)] | None = None
    #: How a cell lists pictures: names or links, or Taobao's `md5:kind:position:property|link;`.
    picture_list: Literal["plain", "taobao"] = "plain"
    #: The vendor's own columns that would be taken for fields of a clip: their cells stand under
    #: `product_` and the name (`size` is a garment's, not a video's).
    foreign: tuple[str, ...] = ()
    #: Column of `name=value` pairs, each of which becomes a cell.
    attributes: Headers | None = None
    #: Header -> cells by which a row is an example that the template came with.
    examples: dict[str, Headers] = Field(default_factory=dict)
    #: Header -> cells by which a row only says more of the product above, and is none itself.
    no_products: dict[str, Headers] = Field(default_factory=dict)
    #: Row of the file in which products begin; those between it and the header are a template's.
    first_row: Annotated[int, Field(gt=1)] | None = None
    #: Address in front of pictures that the export names without one; `batchgen init` proposes it.
    picture_base: str | None = None
