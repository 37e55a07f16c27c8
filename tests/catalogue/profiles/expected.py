"""What the exports that lie here must give: row, SKU, title and pictures of each product."""

from __future__ import annotations

Products = list[tuple[int, str, str, list[str]]]

NORDHEM = "https://cdn.nordhem.example/"
SQ, BIG = "https://images.sq.example/", "https://big.example/"
ETSY, SHOPEE = "https://i.etsy.example/", "https://s.shopee.example/file/"
SHIRT = [f"{NORDHEM}shirt-{name}.jpg" for name in ("1", "2", "10", "white", "blue")]
SHIRT[1] += "?v=1"
WHITE, BLUE = SHIRT[3:]
WOO, MED, AMZ, TB = (f"https://{host}.example/" for host in ("woo", "med", "amz", "tb"))
TEES = [f"{WOO}tee-1.jpg", f"{WOO}tee-2.jpg"]
HOODIE = [f"{MED}h{number}.jpg" for number in (1, 2, 10)]
MUGS = [f"https://cdn.tonwerk.example/mug-{name}.jpg" for name in ("a", "b", "sea")]
HAT_R = [f"{AMZ}{name}.jpg" for name in ("r", "r1", "r2")]
SHOE = [
    "https://img.example/42.jpg?width=800",
    "https://img.example/42%2Cside.jpg",
    "https://img.example/42-top.jpg",
]

BY_PRODUCT: list[tuple[str, Products]] = [
    (
        "shopify.csv",
        [
            (2, "LS-S", "Linen Shirt & Belt", SHIRT),
            (7, "oak-stool", "Oak Stool", ["//cdn.nordhem.example/stool.jpg"]),
            (8, "wool-rug", "Wool Rug", [f"{NORDHEM}rug.jpg"]),
        ],
    ),
    ("shopify_new.csv", [(2, "MUG-1", "Clay Mug", MUGS)]),
    (
        "woocommerce.csv",
        [
            (3, "TEE", "Tee", [*TEES, f"{WOO}red.jpg"]),
            (5, "ALBUM", "Album", [f"{WOO}w_100,h_100/album.jpg"]),
            (6, "SET", "Whole Set", [f"{WOO}set.jpg"]),
            (7, "15", "Poster", []),
            (8, "CAP-RED", "Cap - Red", [f"{WOO}cap.jpg"]),
        ],
    ),
    (
        "google.tsv",
        [
            (2, "00042", "Trail Shoe", SHOE),
            (3, "00043", "Trail Shoe", ["https://img.example/43.jpg"]),
        ],
    ),
    (
        "magento.csv",
        [
            (4, "BAG", "Bag", ["/b/a/bag.jpg", "/b/a/bag-open.jpg", "/b/a/bag-red.jpg"]),
            (6, "CUP", "Cup", ["/c/u/cup.jpg"]),
        ],
    ),
    (
        "prestashop.csv",
        [
            (2, "LMP-01", "Lampe Lueur", [f"https://ps.example/lampe{n}.jpg" for n in (1, 2)]),
            (3, "2", "Vase Brume", ["https://ps.example/vase.jpg"]),
        ],
    ),
    (
        "medusa.csv",
        [(2, "sea-hoodie", "Sea Hoodie", HOODIE), (4, "CAP-1", "Sun Cap", [f"{MED}cap.jpg"])],
    ),
    (
        "vendure.csv",
        [
            (2, "DL-W", "Desk Lamp", [f"lamp{n}.jpg" for n in ("", "-dark", "-warm", "-cold")]),
            (4, "PIN-1", "Pin", ["pin.jpg"]),
        ],
    ),
    (
        "amazon_old.txt",
        [
            (4, "HAT", "Sun Hat", [*HAT_R, f"{AMZ}b.jpg"]),
            (7, "0007", "Beanie", [f"{AMZ}beanie.jpg"]),
        ],
    ),
    (
        "amazon_unified.csv",
        [(3, "0007", "Beanie", [f"{AMZ}{name}.jpg" for name in ("beanie", "b1", "b2")])],
    ),
    (
        "taobao.csv",
        [
            (4, "CB-01", "青瓷茶杯", [f"{TB}{name}.jpg" for name in ("1", "2", "red")]),
            (5, "520000000000012", "竹筷", [f"taobao/{'d' * 32}.tbi"]),
        ],
    ),
    (
        "chinese.csv",
        [
            (2, "0001", "紫砂壶 手工", [f"https://cn.example/{n}.jpg" for n in ("a", "a2", "a3")]),
            (3, "0002", "无", [f"https://cn.example/{n}.jpg" for n in ("b1", "b2")]),
        ],
    ),
    ("german.csv", [(2, "00071", "Topf – groß", ["topf.jpg", "topf2.jpg"])]),
    (
        "wix.csv",
        [
            (2, "MUG", "Sea Mug", ["a1b2c3_sea~mv2.jpg", "a1b2c3_sea2~mv2.png"]),
            (5, "product_0c2d-77", "Oak Tray", ["a1b2c3_tray~mv2.jpg"]),
        ],
    ),
    (
        "squarespace.csv",
        [
            (2, "PEO-PK", "Peony Pink", [f"{SQ}pink.jpg", f"{SQ}pink-2.JPEG"]),
            (4, "PEO-WH", "Peony White", [f"{SQ}white.png"]),
            (5, "ROS-1", "Rose", []),
        ],
    ),
    (
        "bigcommerce.csv",
        [
            (2, "TOW-1", "[Sample] Linen Towel", [f"{BIG}towel.jpg", f"{BIG}towel2.jpg"]),
            (5, "80", "Glass Jar", [f"{BIG}jar.jpg"]),
        ],
    ),
    (
        "etsy.csv",
        [
            (2, "VAS-7", "Vaso affumicato", [f"{ETSY}v1.jpg", f"{ETSY}v2.jpg"]),
            (3, "TAZ-S,TAZ-L", "Tazza, due misure", [f"{ETSY}t10.jpg"]),
        ],
    ),
    (
        "shopee.csv",
        [
            (7, "58000000001", "茶杯", [f"{SHOPEE}cup", f"{SHOPEE}cup-2"]),
            (8, "PLATE-1", "盤子", [f"{SHOPEE}plate"]),
        ],
    ),
]

BY_VARIANT: list[tuple[str, Products]] = [
    (
        "shopify.csv",
        [
            (2, "LS-S", "Linen Shirt & Belt", [WHITE, *SHIRT[:3]]),
            (3, "LS-M", "Linen Shirt & Belt", SHIRT[:3]),
            (4, "LS-L", "Linen Shirt & Belt", [BLUE, *SHIRT[:3]]),
            (7, "oak-stool", "Oak Stool", ["//cdn.nordhem.example/stool.jpg"]),
            (8, "wool-rug-120 x 80", "Wool Rug", [f"{NORDHEM}rug.jpg"]),
            (9, "wool-rug-200 x 140", "Wool Rug", [f"{NORDHEM}rug.jpg"]),
        ],
    ),
    (
        "shopify_new.csv",
        [(2, "MUG-1", "Clay Mug", MUGS[:2]), (3, "MUG-2", "Clay Mug", [MUGS[2], *MUGS[:2]])],
    ),
    (
        "woocommerce.csv",
        [
            (2, "TEE-RED", "Tee - Red", [f"{WOO}red.jpg"]),
            (4, "12", "Tee", TEES),
            (5, "ALBUM", "Album", [f"{WOO}w_100,h_100/album.jpg"]),
            (6, "SET", "Whole Set", [f"{WOO}set.jpg"]),
            (7, "15", "Poster", []),
            (8, "CAP-RED", "Cap - Red", [f"{WOO}cap.jpg"]),
        ],
    ),
    (
        "magento.csv",
        [
            (2, "BAG-R", "Bag Red", ["/b/a/bag-red.jpg"]),
            (3, "BAG-B", "Bag Blue", ["/b/a/bag.jpg", "/b/a/bag-open.jpg"]),
            (6, "CUP", "Cup", ["/c/u/cup.jpg"]),
        ],
    ),
    (
        "medusa.csv",
        [
            (2, "sea-hoodie-S", "Sea Hoodie", HOODIE),
            (3, "sea-hoodie-M", "Sea Hoodie", HOODIE),
            (4, "CAP-1", "Sun Cap", [f"{MED}cap.jpg"]),
        ],
    ),
    (
        "vendure.csv",
        [
            (2, "DL-W", "Desk Lamp", ["lamp-warm.jpg", "lamp.jpg", "lamp-dark.jpg"]),
            (3, "DL-C", "Desk Lamp", ["lamp-cold.jpg", "lamp.jpg", "lamp-dark.jpg"]),
            (4, "PIN-1", "Pin", ["pin.jpg"]),
        ],
    ),
    (
        "amazon_old.txt",
        [
            (5, "HAT-R", "Sun Hat Red", HAT_R),
            (6, "HAT-B", "Sun Hat Blue", [f"{AMZ}b.jpg"]),
            (7, "0007", "Beanie", [f"{AMZ}beanie.jpg"]),
        ],
    ),
    (
        "wix.csv",
        [
            (3, "MUG-S", "Sea Mug", ["a1b2c3_sea~mv2.jpg", "a1b2c3_sea2~mv2.png"]),
            (4, "product_5f1e-42-Large", "Sea Mug", ["a1b2c3_sea~mv2.jpg", "a1b2c3_sea2~mv2.png"]),
            (5, "product_0c2d-77", "Oak Tray", ["a1b2c3_tray~mv2.jpg"]),
        ],
    ),
    (
        "squarespace.csv",
        [
            (2, "PEO-PK", "Peony Pink", [f"{SQ}pink.jpg", f"{SQ}pink-2.JPEG"]),
            (3, "PEO-PK-L", "Peony Pink", [f"{SQ}pink.jpg", f"{SQ}pink-2.JPEG"]),
            (4, "PEO-WH", "Peony White", [f"{SQ}white.png"]),
            (5, "ROS-1", "Rose", []),
        ],
    ),
]
