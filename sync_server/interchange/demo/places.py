"""Where the demo company sells: regions with their rep, and their towns with post code, dialling code and position.

Data alone. Positions are degrees at 10^-6; domains end in `.example`, which belongs to nobody.
"""

from __future__ import annotations

from typing import NamedTuple


class Town(NamedTuple):
    """A town: how its post codes and phone numbers begin, and where it lies."""

    name: str
    post: str
    dial: str
    lat: int
    lon: int


class Region(NamedTuple):
    """A sales region, which is a territory of one rep."""

    code: str
    name: str
    country: str
    language: str
    rep: str
    towns: tuple[Town, ...]


REGIONS = (
    Region(
        "NL-NH",
        "Noord-Holland",
        "NL",
        "nl",
        "Anke Visser",
        (
            Town("Amsterdam", "10", "20", 52_370_000, 4_895_000),
            Town("Haarlem", "20", "23", 52_387_000, 4_646_000),
            Town("Alkmaar", "18", "72", 52_632_000, 4_748_000),
            Town("Zaandam", "15", "75", 52_438_000, 4_826_000),
            Town("Hoorn", "16", "229", 52_642_000, 5_060_000),
            Town("Hilversum", "12", "35", 52_223_000, 5_176_000),
            Town("Den Helder", "17", "223", 52_953_000, 4_760_000),
            Town("Zandvoort", "20", "23", 52_371_000, 4_533_000),
        ),
    ),
    Region(
        "NL-ZH",
        "Zuid-Holland",
        "NL",
        "nl",
        "Daan Bakker",
        (
            Town("Rotterdam", "30", "10", 51_924_000, 4_478_000),
            Town("Den Haag", "25", "70", 52_070_000, 4_300_000),
            Town("Leiden", "23", "71", 52_160_000, 4_497_000),
            Town("Delft", "26", "15", 52_012_000, 4_358_000),
            Town("Dordrecht", "33", "78", 51_813_000, 4_690_000),
            Town("Gouda", "28", "182", 52_011_000, 4_711_000),
            Town("Scheveningen", "25", "70", 52_108_000, 4_273_000),
        ),
    ),
    Region(
        "NL-UG",
        "Utrecht en Gelderland",
        "NL",
        "nl",
        "Lotte van Dijk",
        (
            Town("Utrecht", "35", "30", 52_090_000, 5_122_000),
            Town("Amersfoort", "38", "33", 52_156_000, 5_387_000),
            Town("Arnhem", "68", "26", 51_985_000, 5_899_000),
            Town("Nijmegen", "65", "24", 51_842_000, 5_854_000),
            Town("Apeldoorn", "73", "55", 52_211_000, 5_970_000),
            Town("Zeist", "37", "30", 52_089_000, 5_233_000),
            Town("Wageningen", "67", "317", 51_969_000, 5_665_000),
        ),
    ),
    Region(
        "NL-BL",
        "Brabant en Limburg",
        "NL",
        "nl",
        "Ruud Smeets",
        (
            Town("Eindhoven", "56", "40", 51_441_000, 5_470_000),
            Town("Tilburg", "50", "13", 51_556_000, 5_091_000),
            Town("Breda", "48", "76", 51_587_000, 4_776_000),
            Town("’s-Hertogenbosch", "52", "73", 51_697_000, 5_304_000),
            Town("Maastricht", "62", "43", 50_851_000, 5_691_000),
            Town("Venlo", "59", "77", 51_370_000, 6_172_000),
            Town("Roermond", "60", "475", 51_194_000, 5_987_000),
        ),
    ),
    Region(
        "BE-VL",
        "Vlaanderen",
        "BE",
        "nl",
        "Jef Peeters",
        (
            Town("Antwerpen", "20", "3", 51_220_000, 4_400_000),
            Town("Gent", "90", "9", 51_054_000, 3_725_000),
            Town("Brugge", "80", "50", 51_209_000, 3_225_000),
            Town("Leuven", "30", "16", 50_880_000, 4_701_000),
            Town("Mechelen", "28", "15", 51_026_000, 4_478_000),
            Town("Oostende", "84", "59", 51_216_000, 2_927_000),
            Town("Hasselt", "35", "11", 50_931_000, 5_338_000),
        ),
    ),
    Region(
        "BE-WB",
        "Bruxelles et Wallonie",
        "BE",
        "fr",
        "Claire Dubois",
        (
            Town("Bruxelles", "10", "2", 50_847_000, 4_352_000),
            Town("Liège", "40", "4", 50_633_000, 5_568_000),
            Town("Namur", "50", "81", 50_467_000, 4_867_000),
            Town("Charleroi", "60", "71", 50_411_000, 4_444_000),
            Town("Mons", "70", "65", 50_454_000, 3_952_000),
            Town("Tournai", "75", "69", 50_606_000, 3_388_000),
            Town("Spa", "49", "87", 50_492_000, 5_864_000),
        ),
    ),
    Region(
        "DE-NW",
        "Rheinland und Westfalen",
        "DE",
        "de",
        "Jonas Becker",
        (
            Town("Köln", "506", "221", 50_938_000, 6_960_000),
            Town("Düsseldorf", "402", "211", 51_227_000, 6_773_000),
            Town("Aachen", "520", "241", 50_776_000, 6_084_000),
            Town("Münster", "481", "251", 51_962_000, 7_626_000),
            Town("Bonn", "531", "228", 50_737_000, 7_099_000),
            Town("Essen", "451", "201", 51_457_000, 7_012_000),
            Town("Dortmund", "441", "231", 51_514_000, 7_466_000),
        ),
    ),
    Region(
        "DE-NO",
        "Hamburg und Niedersachsen",
        "DE",
        "de",
        "Katrin Hansen",
        (
            Town("Hamburg", "203", "40", 53_551_000, 9_994_000),
            Town("Bremen", "281", "421", 53_079_000, 8_802_000),
            Town("Hannover", "301", "511", 52_376_000, 9_732_000),
            Town("Oldenburg", "261", "441", 53_144_000, 8_214_000),
            Town("Osnabrück", "490", "541", 52_280_000, 8_047_000),
            Town("Lüneburg", "213", "4131", 53_248_000, 10_407_000),
            Town("Emden", "267", "4921", 53_367_000, 7_206_000),
        ),
    ),
)

COUNTRIES = {
    "NL": ("Netherlands", "Nederland", "31"),
    "BE": ("Belgium", "België", "32"),
    "DE": ("Germany", "Deutschland", "49"),
}
"""Per country its name in the territory tree, in an address, and its dialling code."""

STREETS = {
    "nl": (
        "Dorpsstraat", "Kerkstraat", "Marktplein", "Stationsweg", "Haven", "Hoogstraat", "Molenweg", "Nieuwstraat",
        "Oude Gracht", "Vismarkt", "Prinsengracht", "Schoolstraat", "Breestraat", "Wilhelminalaan", "Zeedijk",
    ),
    "fr": (
        "Rue Haute", "Grand-Place", "Rue du Marché", "Avenue Louise", "Rue de la Station", "Quai aux Herbes",
        "Rue des Carmes", "Place du Parc", "Chaussée de Namur", "Rue Neuve", "Boulevard d’Avroy", "Rue du Pont",
    ),
    "de": (
        "Hauptstraße", "Marktplatz", "Bahnhofstraße", "Am Hafen", "Kirchgasse", "Lindenallee", "Rathausplatz",
        "Mühlenweg", "Deichstraße", "Alter Markt", "Gartenstraße", "Königsallee", "Schulstraße", "Domplatz",
    ),
}  # fmt: skip
