"""Whose export a table is, told by its headers."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchgen.catalogue.profiles.loading import shipped_profiles
from batchgen.catalogue.profiles.recognition import header_key, matching, recognise
from batchgen.catalogue.profiles.schema import Profile
from batchgen.errors import ManifestError
from tests.catalogue.profiles.shaped import shaped_text

SHOPIFY = "Handle,Title,Body (HTML),Vendor,Variant SKU,Variant Price,Image Src,Image Position"


@pytest.mark.parametrize(
    ("header", "same"),
    [
        ("Ｖａｒｉａｎｔ　ＳＫＵ", "variant_sku"),
        ("\ufeffHandle ", "HANDLE"),
        ("Name *", "name"),
        ("价格（元）", "价格"),
        ("Image URLs (x,y,z,...)", "image-urls"),
        ("In stock?", "instock"),
        ("contribution_sku#1.value", "contribution_sku"),
        ("item_name[marketplace_id=A1][language_tag=en_US]#1.value", "item_name"),
        ("image[x]#1.media_location", "image#1.media_location"),
        ("(only)", "only"),
        ("Référence", "REFERENCE"),
    ],
)
def test_headers_are_compared_by_what_counts(header: str, same: str) -> None:
    """Width, case, blanks, dashes, stars, brackets and Amazon's decoration do not count."""
    assert header_key(header) == header_key(same)


@pytest.mark.parametrize(
    ("header", "other"),
    [("sku", "sku2"), ("Price", "Prix"), ("副图1", "副图2"), ("***", "---"), ("ハ", "パ")],
)
def test_other_headers_stay_apart(header: str, other: str) -> None:
    """What differs in a letter or a number is another column."""
    assert header_key(header) != header_key(other)


def test_numbered_headers_come_in_the_order_of_their_numbers() -> None:
    """副图10 comes after 副图2, wherever the columns stand."""
    assert matching("副图{n}", ["副图10", "副图", "副图2", "副图a"]) == ("副图2", "副图10")


@pytest.mark.parametrize(
    ("headers", "profile"),
    [
        (SHOPIFY, "shopify"),
        ("Title,URL handle,Description,SKU,Price,Product image URL", "shopify"),
        ("ID,Type,SKU,Name,Visibility in catalog,Images,Parent", "woocommerce"),
        ("id,title,link,image_link,availability,price", "google"),
        ("g:id,title,g:image_link,g:price", "google"),
        ("id,title,description,image_link,availability,condition,brand", "google"),
        ("sku,store_view_code,attribute_set_code,product_type,name,base_image", "magento"),
        ('Product ID,Active (0/1),Name *,Reference #,"Image URLs (x,y,z...)"', "prestashop"),
        ("Product Handle,Product Title,Variant SKU,Variant Price EUR", "medusa"),
        ("Product Handle,Product Title,Variant Title,Price USD,Image 1 Url", "medusa"),
        ("name,slug,description,assets,facets,optionGroups,optionValues,sku,price", "vendure"),
        ("item_sku,item_name,main_image_url,parent_sku", "amazon"),
        ("title,cid,price,picture,outer_id,num_id", "taobao"),
        ("宝贝名称,宝贝类目,宝贝价格,新图片,商家编码,数字ID", "taobao"),
        ("商家编码,宝贝名称,主图", "generic"),
        ("货号,品名,图片,价格", "generic"),
        ("SKU,Name,Image URL", "generic"),
        ("Artikelnr,Bezeichnung,Bild", "generic"),
        ("Référence,Désignation,Photo", "generic"),
        ("品番,商品名,画像", "generic"),
        ("상품코드,상품명,이미지", "generic"),
        ("商品編碼,名稱,圖片網址", "generic"),
        ("Артикул,Название,Фото", "generic"),
        ("sku,title,image,images,prompt", "plain"),
        ("SKU,Aspect Ratio,Colour", "plain"),
        ("Handle,sku,Title", "plain"),
        ("sku,Images,Name", "generic"),
        ("sku,name,slug,assets", "generic"),
    ],
)
def test_header_row_tells_the_vendor(tmp_path: Path, headers: str, profile: str) -> None:
    """Every vendor is told by its headers, and look-alikes are not taken for one."""
    assert shaped_text(tmp_path, f"{headers}\n").shape.profile == profile


def test_facts_say_why_and_what_is_left() -> None:
    """What was recognised is told with the headers that decided; further columns are listed."""
    found = recognise([["TemplateType=x"], ["SKU"], ["item_sku", "item_name"]], shipped_profiles())

    assert found is not None
    assert (found.profile.name, found.header_row) == ("amazon", 2)
    assert found.because == ("item_sku", "item_name")


def test_shape_tells_its_columns_and_facts(tmp_path: Path) -> None:
    """The facts name the vendor and its headers; headers that no name of ours uses are listed."""
    shape = shaped_text(tmp_path, f"{SHOPIFY},Season\n").shape

    assert [str(fact) for fact in shape.facts] == [
        "Shopify product export: it has the columns Handle, Image Src"
    ]
    assert shape.columns["sku"] == ("Variant SKU",)
    assert shape.unused == ("Image Position", "Season")


def test_profiles_that_fit_as_well_are_told() -> None:
    """Of two profiles that fit alike the first wins, and the other is named."""
    first, second = (
        Profile.model_validate({"name": name, "title": name, "required": ["Code"]})
        for name in ("one", "two")
    )

    found = recognise([["Code"]], [first, second])

    assert found is not None
    assert (found.profile.name, found.others) == ("one", ("two",))


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        (
            "订单编号,买家会员名,宝贝标题,商家编码",
            "export of orders: it has 订单编号, 买家会员名; it lacks image",
        ),
        ("订单编号,标题,数量", "it has 订单编号; it lacks sku, image"),
        (
            "Name,Email,Financial Status,Lineitem name,Lineitem sku,Billing Name",
            "has Lineitem name, Lineitem sku, Financial Status, Billing Name; it lacks sku, image",
        ),
        ("Order Number,Order Status,SKU,Item Name", "Order Number, Order Status; it lacks image"),
        ("order-id,order-item-id,purchase-date,sku,product-name", "order-item-id, purchase-date"),
        (
            "订单编号,买家昵称,收货地址,商家编码,标题,商品图片",
            "订单编号, 买家昵称, 收货地址. Export",
        ),
    ],
    ids=["Taobao", "Taobao items", "Shopify", "WooCommerce", "Amazon", "with pictures"],
)
def test_export_of_orders_is_refused(tmp_path: Path, headers: str, words: str) -> None:
    """An order export is refused as one, with what it has and what it lacks."""
    with pytest.raises(ManifestError, match="this is an export of orders") as refused:
        shaped_text(tmp_path, f"{headers}\n")
    assert words in str(refused.value)
    assert headers.split(",")[0] in str(refused.value)


def test_columns_named_by_the_job_overrule_the_refusal(tmp_path: Path) -> None:
    """Who names the SKU's column means that table."""
    found = shaped_text(tmp_path, "订单编号,买家昵称,款\n1,x,A\n", columns={"sku": "款"})

    assert found.column("sku") == ["A"]


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ("Artikel Nr intern,Bild", "no column sku; it has: Artikel Nr intern, Bild"),
        ("My SKU ID,Name", "It may be My SKU ID"),
        ("供应商货号,名字", "It may be 供应商货号"),
    ],
)
def test_missing_sku_names_the_candidates(tmp_path: Path, headers: str, words: str) -> None:
    """Without a SKU the columns are listed, the likeliest ones at the end."""
    with pytest.raises(ManifestError) as refused:
        shaped_text(tmp_path, f"{headers}\n")
    assert words in str(refused.value)


def test_profile_that_is_named_must_fit(tmp_path: Path) -> None:
    """A named profile whose columns are missing is an error with missing and found."""
    with pytest.raises(ManifestError) as refused:
        shaped_text(tmp_path, "sku,title\n", profile="shopify")
    assert "it lacks Handle / URL handle, Image Src / Product image URL" in str(refused.value)
    assert "it has: sku, title" in str(refused.value)


def test_profile_that_is_not_known_is_refused(tmp_path: Path) -> None:
    """An unknown profile is refused with the known ones."""
    with pytest.raises(ManifestError, match="shop is not known; known: auto, amazon, "):
        shaped_text(tmp_path, "sku\n", profile="shop")


def test_plain_takes_no_usual_names(tmp_path: Path) -> None:
    """`profile: plain` reads our own names only, whatever else the table looks like."""
    found = shaped_text(tmp_path, f"sku,{SHOPIFY}\nA,h,T,b,v,S,1,i.jpg,1\n", profile="plain")

    assert found.column("sku") == ["A"]
    assert "image" not in found.rows[0].cells


def test_own_name_wins_over_a_usual_one(tmp_path: Path) -> None:
    """`sku` and `title` are themselves when a table has 商家编码 and 标题 too."""
    found = shaped_text(tmp_path, "商家编码,sku,标题,title\nx,A,y,T\n")

    assert [found.column(name) for name in ("sku", "title", "商家编码")] == [["A"], ["T"], ["x"]]


def test_first_usual_name_with_something_in_it_wins(tmp_path: Path) -> None:
    """Of several columns for one name, the first that says something in the row is taken."""
    found = shaped_text(tmp_path, "商家编码,货号,品名\n,B,x\nA,C,y\n")

    assert found.column("sku") == ["B", "A"]


def test_job_names_win_over_the_vendor(tmp_path: Path) -> None:
    """What `manifest.columns` says is taken for the title, although Shopify has one."""
    found = shaped_text(
        tmp_path, f"{SHOPIFY},Short\nh,T,b,v,S,1,i.jpg,1,short\n", columns={"title": "short"}
    )

    assert found.column("title") == ["short"]


@pytest.mark.parametrize(
    ("header", "cells", "told"),
    [
        ("size", ["M", "42"], True),
        ("Model", ["TS-9", ""], True),
        ("size", ["M", "1280x720"], False),
        ("Model", ["vidu2-reference", "TS-9"], False),
        ("size", ["", ""], False),
    ],
)
def test_a_products_own_size_is_no_clips(
    tmp_path: Path, header: str, cells: list[str], told: bool
) -> None:
    """A column of garment sizes is set aside and told; one clip's size in it makes it ours."""
    rows = "".join(f"A{at},{cell}\n" for at, cell in enumerate(cells))
    found = shaped_text(tmp_path, f"sku,{header}\n{rows}")
    name = header.casefold()

    assert [fault.code for fault in found.shape.warnings] == ["column-of-product"] * told
    assert found.column(f"product_{name}") == (cells if told else ["(none)"] * 2)
    assert found.column(name if told else header) == (["(none)"] * 2 if told else cells)


def test_a_named_column_of_sizes_is_taken_as_it_is(tmp_path: Path) -> None:
    """What the job names in `manifest.columns` is not doubted."""
    found = shaped_text(tmp_path, "sku,size\nA,M\n", columns={"size": "size"})

    assert found.column("size") == ["M"]
    assert found.shape.warnings == ()
