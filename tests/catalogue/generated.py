"""Makes catalogues by number: words of eight languages, in every way of writing them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

_WORDS = {
    "zh": (
        "夏季 新款 真丝 连衣裙 蓝牙 耳机 降噪 手机壳 透明 茶壶 陶瓷 不锈钢 保温杯 儿童 "
        "玩具 充电线 纯棉 床单 四件套 厨房 刀具 护眼 台灯 登山 背包 防水 运动鞋 "
    ),
    "zh-tw": (
        "夏季 新款 真絲 連身裙 藍牙 耳機 降噪 手機殼 透明 茶壺 陶瓷 不鏽鋼 保溫瓶 兒童 "
        "玩具 充電線 純棉 床單 廚房 刀具 護眼 檯燈 登山 背包 防水 運動鞋 "
    ),
    "ja": (
        "急須 常滑焼 ステンレス ケトル ワイヤレス イヤホン 子供用 おもちゃ 綿 シーツ 包丁 "
        "デスク ライト 登山 リュック 防水 スニーカー 茶碗 湯のみ 透明 ケース 充電ケーブル "
    ),
    "ko": (
        "주전자 도자기 무선 이어폰 여름 원피스 실크 스테인리스 보온병 어린이 장난감 면 "
        "침대보 주방 칼 스탠드 등산 배낭 방수 운동화 투명 케이스 충전 케이블 "
    ),
    "de": (
        "Käsemesser Löffel Größe Müller Kühlschrank Bügeleisen Tür weiß Schüssel Gläser "
        "Kessel grün für Küche Stühle schön Gemüse Wäsche "
    ),
    "fr": (
        "Théière en céramique émaillée café crème été légère brûlée fenêtre à côté bière "
        "chêne élégant poêle évier coussin brodé vêtement "
    ),
    "es": (
        "niño cafetera eléctrica pequeña sillón cómodo edición lámpara diseño español "
        "jamón cerámica algodón baño cojín bebé almohadón plástico "
    ),
    "ru": (
        "Чайник керамический летнее платье шёлк наушники беспроводные детская игрушка "
        "хлопок простыня кухонный нож лампа рюкзак водонепроницаемый кроссовки чехол "
        "прозрачный "
    ),
}
_HEADERS = {
    "zh": ("gb18030", ("商家编码", "商品名称", "主图", "提示词")),
    "zh-tw": ("cp950", ("貨號", "商品名稱", "主圖", "提示詞")),
    "ja": ("cp932", ("商品コード", "商品名", "画像", "説明")),
    "ko": ("cp949", ("상품코드", "상품명", "이미지", "설명")),
    "de": ("cp1252", ("Artikelnr", "Größe", "Bild", "Beschreibung")),
    "fr": ("cp1252", ("Référence", "Désignation", "Image", "Catégorie")),
    "es": ("cp1252", ("Código", "Título", "Imagen", "Descripción")),
    "ru": ("cp1251", ("Артикул", "Название", "Фото", "Описание")),
}
#: Language -> the encoding Windows writes it in, a header, and words of products.
LANGUAGES: dict[str, tuple[str, Sequence[str], Sequence[str]]] = {
    language: (*_HEADERS[language], words.split()) for language, words in _WORDS.items()
}
ASCII_HEADER = ("sku", "title", "image", "prompt")
DELIMITERS = (",", ";", "\t", "|")
LINE_ENDS = ("\r\n", "\n", "\r")
QUIRKS = (
    "plain",
    "quoted",
    "multiline",
    "sep-line",
    "trailing",
    "title",
    "no-last-end",
    "blank-rows",
)


@dataclass(frozen=True)
class Example:
    """A file, and what it says cell by cell."""

    name: str
    language: str
    encoding: str
    quirk: str
    content: bytes
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]


def texts(chance: Random, language: str, rows: int, *, is_wild: bool) -> list[tuple[str, ...]]:
    """Make rows of a catalogue; wild ones hold separators, quotes and line ends in their texts."""
    words = LANGUAGES[language][2]
    made: list[tuple[str, ...]] = []
    for number in range(rows):
        title = " ".join(chance.choices(words, k=chance.randint(1, 5)))
        prompt = " ".join(chance.choices(words, k=chance.randint(2, 9)))
        if is_wild:
            prompt = chance.choice(
                [
                    f'{prompt}; "{title}" | 5" x 3, {prompt}',
                    f"{prompt}\n{title}",
                    f"{prompt}\tx",
                    prompt,
                ]
            )
        image = f"img/{number}.jpg" if chance.random() < 0.8 else ""
        made.append((f"{chance.randint(0, 99999):05}-{number}", title, image, prompt))
    return made


def write(
    columns: Sequence[str], rows: Sequence[Sequence[str]], delimiter: str, end: str, quirk: str
) -> str:
    """Write a table with a quirk."""
    file = io.StringIO()
    is_all = quirk == "quoted" or end == "\r"  # else a line feed in a text is not quoted
    quoting: Any = csv.QUOTE_ALL if is_all else csv.QUOTE_MINIMAL
    table = csv.writer(file, delimiter=delimiter, lineterminator=end, quoting=quoting)
    if quirk == "sep-line":
        file.write(f"sep={delimiter}{end}")
    if quirk == "title":
        table.writerow(["Export 2026-11-23"])
        table.writerow([])
    table.writerow(columns)
    for row in rows:
        table.writerow([*row, ""] if quirk == "trailing" else row)
        if quirk == "blank-rows":
            table.writerow([""] * len(row))
    text = file.getvalue()
    return text.removesuffix(end) if quirk == "no-last-end" else text


def examples(count: int) -> Iterator[Example]:
    """Make files over encodings, delimiters, line ends, quirks and languages, all mixed."""
    for number in range(count):
        chance = Random(number)
        language = list(LANGUAGES)[number % len(LANGUAGES)]
        windows, header, _ = LANGUAGES[language]
        encoding = (windows, "utf-8", "utf-8-sig", "utf-16", "utf-16-le", windows)[number // 8 % 6]
        delimiter, end = chance.choice(DELIMITERS), chance.choice(LINE_ENDS)
        quirk = QUIRKS[number // 48 % len(QUIRKS)]
        columns = tuple(header) if chance.random() < 0.5 else ASCII_HEADER
        count_of_rows = chance.choice((3, 8, 20, 60))
        rows = texts(chance, language, count_of_rows, is_wild=quirk in ("quoted", "multiline"))
        content = write(columns, rows, delimiter, end, quirk).encode(encoding)
        name = f"{number}-{language}-{encoding}-{ord(delimiter)}-{end!r}-{quirk}"
        yield Example(name, language, encoding, quirk, content, columns, rows)
