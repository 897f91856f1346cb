"""What the demo company sells: families with their articles, packs, tax class, supplier and price level. Data alone."""

from __future__ import annotations

from typing import NamedTuple


class Family(NamedTuple):
    """A product family. Prices are cents of the first pack; each further pack costs its factor in percent.

    Attributes:
        packs: what is sold as one unit, with its price factor and its weight in grams.
    """

    code: str
    name: str
    suppliers: tuple[str, ...]
    uom: str
    tax_class: str
    packs: tuple[tuple[str, int, int], ...]
    articles: tuple[tuple[str, int], ...]


FAMILIES = (
    Family(
        "COF", "Coffee and tea", ("Branderij Noord", "Teehandel Elbe"), "case", "reduced",
        (("8 × 1 kg", 100, 8_300), ("12 × 250 g", 42, 3_300)),
        (("Espresso beans Forte", 10_880), ("Espresso beans Dolce", 11_440), ("Filter coffee Huismerk", 8_640),
         ("Decaf beans", 11_920), ("Organic beans Peru", 13_120), ("Lungo ground", 9_840),
         ("Earl Grey", 9_200), ("Green tea Sencha", 9_760), ("Rooibos", 8_880), ("Mint tea", 8_480)),
    ),
    Family(
        "SOF", "Soft drinks", ("Bronwater Ardennen", "Limo & Zonen"), "crate", "reduced",
        (("24 × 0.2 l glass", 100, 11_500), ("6 × 1.5 l", 58, 9_400)),
        (("Cola", 1_595), ("Cola sugar free", 1_595), ("Orange lemonade", 1_480), ("Bitter lemon", 1_720),
         ("Tonic", 1_740), ("Ginger ale", 1_740), ("Sparkling water", 980), ("Still water", 940),
         ("Ice tea peach", 1_640), ("Elderflower lemonade", 1_890)),
    ),
    Family(
        "BEE", "Beer", ("Brouwerij De Kaai", "Hanse-Brauerei", "Abbaye du Val"), "crate", "standard",
        (("24 × 0.3 l", 100, 14_800), ("20 l keg", 205, 25_600)),
        (("Pilsner", 1_780), ("Alcohol-free pilsner", 1_690), ("White beer", 2_140), ("Abbey blond", 2_690),
         ("Abbey dubbel", 2_790), ("Tripel", 3_080), ("Pale ale", 2_880), ("Kölsch", 1_960), ("Dark lager", 2_020),
         ("Cherry beer", 2_950)),
    ),
    Family(
        "WIN", "Wine", ("Weingut Moselblick", "Cave du Soleil", "Bodega Alta"), "case", "standard",
        (("6 × 0.75 l", 100, 7_600), ("12 × 0.25 l", 78, 5_100)),
        (("Riesling dry", 4_260), ("Pinot blanc", 4_140), ("Sauvignon blanc", 3_900), ("Chardonnay", 4_380),
         ("Rosé Provence", 4_680), ("Merlot", 3_720), ("Pinot noir", 5_160), ("Tempranillo", 3_960),
         ("Crémant brut", 6_480), ("Prosecco", 4_320)),
    ),
    Family(
        "JUI", "Juices", ("Fruitpers Betuwe",), "case", "reduced",
        (("12 × 1 l", 100, 12_900), ("24 × 0.25 l", 96, 9_800)),
        (("Orange juice", 2_340), ("Apple juice cloudy", 1_920), ("Pear juice", 2_160), ("Tomato juice", 2_040),
         ("Grapefruit juice", 2_380), ("Cranberry juice", 2_640), ("Rhubarb juice", 2_580), ("Cherry juice", 2_720),
         ("Multivitamin juice", 2_280)),
    ),
    Family(
        "DAI", "Dairy", ("Zuivelcoöperatie Waterland",), "case", "reduced",
        (("12 × 1 l", 100, 12_600), ("10 l bag", 84, 10_200)),
        (("Whole milk", 1_380), ("Semi-skimmed milk", 1_290), ("Barista milk", 1_740), ("Oat drink barista", 2_160),
         ("Cooking cream 20 %", 3_480), ("Whipping cream 35 %", 4_140), ("Yoghurt natural", 1_560),
         ("Buttermilk", 1_420), ("Coffee cream", 2_220)),
    ),
    Family(
        "CHE", "Cheese", ("Kaasmakerij De Polder", "Laiterie des Collines"), "piece", "reduced",
        (("4 kg wheel", 100, 4_000), ("500 g piece", 14, 500)),
        (("Gouda young", 3_560), ("Gouda matured", 4_720), ("Gouda old crumbly", 5_880), ("Goat cheese log", 5_240),
         ("Brie", 4_160), ("Blue veined", 5_080), ("Emmental", 4_640), ("Limburger", 4_280),
         ("Maredsous style", 4_960), ("Parmesan style", 6_720)),
    ),
    Family(
        "BAK", "Bakery", ("Molen & Meel", "Backhaus Ems"), "case", "reduced",
        (("40 pieces frozen", 100, 4_400), ("80 pieces frozen", 188, 8_800)),
        (("Croissant butter", 2_760), ("Pain au chocolat", 3_080), ("Baguette half", 2_240), ("Pretzel", 2_520),
         ("Multigrain roll", 1_980), ("Apple turnover", 3_260), ("Sourdough bun", 2_680), ("Waffle Liège", 3_480),
         ("Brownie", 3_840), ("Cheesecake slice", 4_320)),
    ),
    Family(
        "MEA", "Meat and charcuterie", ("Slachterij Achterhoek", "Metzgerei Union"), "kg", "reduced",
        (("1 kg", 100, 1_000), ("5 kg case", 480, 5_000)),
        (("Ardennes ham", 2_140), ("Westphalian ham", 2_320), ("Chicken breast", 980), ("Beef burger", 1_160),
         ("Pork tenderloin", 1_340), ("Veal croquette mix", 1_420), ("Bratwurst", 890), ("Pâté de campagne", 1_260),
         ("Dry sausage", 1_880), ("Entrecôte", 2_980)),
    ),
    Family(
        "FIS", "Fish", ("Visafslag IJmuiden", "Nordsee Kutter"), "kg", "reduced",
        (("1 kg", 100, 1_000), ("5 kg case", 475, 5_000)),
        (("Salmon fillet", 2_180), ("Cod loin", 2_460), ("Plaice fillet", 1_890), ("Herring fillet", 1_120),
         ("Smoked eel", 4_680), ("Mussels", 520), ("North Sea shrimps", 3_960), ("Smoked mackerel", 1_240),
         ("Tuna steak", 2_880)),
    ),
    Family(
        "VEG", "Fruit and vegetables", ("Veiling Westland", "Gemüsering Niederrhein"), "case", "reduced",
        (("5 kg", 100, 5_200), ("10 kg", 186, 10_300)),
        (("Fries fresh cut", 1_090), ("Potatoes firm", 720), ("Tomatoes vine", 1_380), ("Mixed salad washed", 2_240),
         ("Mushrooms", 1_680), ("Onions", 580), ("White asparagus", 4_480), ("Lemons", 1_460), ("Apples Elstar", 1_180),
         ("Strawberries", 2_960)),
    ),
    Family(
        "DRY", "Dry goods", ("Molen & Meel", "Pasta Ticino"), "case", "reduced",
        (("10 × 1 kg", 100, 10_400), ("25 kg bag", 212, 25_200)),
        (("Wheat flour T55", 1_140), ("Rye flour", 1_290), ("Sugar", 1_320), ("Risotto rice", 2_480),
         ("Basmati rice", 2_360), ("Spaghetti", 1_780), ("Penne", 1_780), ("Red lentils", 2_120),
         ("Sea salt", 980), ("Oat flakes", 1_480)),
    ),
    Family(
        "OIL", "Oils and sauces", ("Frituurvet Bos", "Olio Verde"), "can", "reduced",
        (("10 l", 100, 9_400), ("6 × 0.75 l", 62, 4_900)),
        (("Frying oil high oleic", 2_980), ("Sunflower oil", 2_640), ("Olive oil extra virgin", 9_280),
         ("Rapeseed oil", 2_780), ("Mayonnaise", 3_160), ("Tomato ketchup", 2_740), ("Dijon mustard", 3_320),
         ("Stock vegetable", 4_160), ("Hollandaise", 3_880), ("Vinegar white wine", 1_960)),
    ),
    Family(
        "SWE", "Confectionery", ("Chocolaterie Meuse", "Koekbakker Deventer"), "case", "reduced",
        (("200 pieces wrapped", 100, 1_900), ("2 kg", 92, 2_100)),
        (("Caramel biscuit", 1_380), ("Almond biscuit", 1_620), ("Dark chocolate napolitain", 2_460),
         ("Milk chocolate napolitain", 2_380), ("Stroopwafel mini", 1_980), ("Speculoos crumb", 1_560),
         ("Pralines assorted", 4_280), ("Liquorice mix", 1_840), ("Marzipan", 3_120)),
    ),
    Family(
        "SNA", "Snacks", ("Snackfabriek Zuid",), "case", "reduced",
        (("48 pieces frozen", 100, 3_600), ("96 pieces frozen", 190, 7_100)),
        (("Bitterballen beef", 2_640), ("Cheese soufflé", 2_480), ("Kroket veal", 3_120), ("Spring roll mini", 2_280),
         ("Vegetable bites", 2_560), ("Onion rings", 1_860), ("Shrimp croquette", 4_880), ("Flammkuchen", 3_960),
         ("Chicken wings", 3_240)),
    ),
    Family(
        "NON", "Non-food", ("Horeca Verpakkingen",), "case", "standard",
        (("case of 500", 100, 3_900), ("case of 2,000", 372, 15_200)),
        (("Paper napkins", 1_180), ("Coffee cups 200 ml", 2_860), ("Cup lids", 1_940), ("Takeaway boxes", 4_320),
         ("Wooden forks", 1_680), ("Paper straws", 1_420), ("Aluminium trays", 3_780), ("Baking paper", 2_640),
         ("Dishwasher tablets", 5_480), ("Cleaning cloths", 2_120)),
    ),
)  # fmt: skip

WAREHOUSES = ("Amsterdam", "Venlo")
