"""What customers of the demo company are called, and the people who work there. Data alone."""

from __future__ import annotations

TRADES = {
    "nl": (
        ("Café {sign}", "hospitality"), ("Eetcafé {sign}", "hospitality"), ("Restaurant {sign}", "hospitality"),
        ("Brasserie {sign}", "hospitality"), ("Hotel {sign}", "hospitality"), ("Lunchroom {sign}", "hospitality"),
        ("Grand Café {sign}", "hospitality"), ("Bistro {sign}", "hospitality"), ("Herberg {sign}", "hospitality"),
        ("Bakkerij {name}", "retail"), ("Slagerij {name}", "retail"), ("Kaashandel {name}", "retail"),
        ("Traiteur {name}", "retail"), ("Wijnhandel {name}", "retail"), ("Buurtsuper {name}", "retail"),
        ("{name} Catering", "catering"), ("Partycentrum {sign}", "catering"), ("Zorghuis {sign}", "care"),
        ("IJssalon {name}", "hospitality"), ("Koffiebranderij {name}", "retail"),
    ),
    "fr": (
        ("Brasserie {sign}", "hospitality"), ("Hôtel {sign}", "hospitality"), ("Restaurant {sign}", "hospitality"),
        ("Taverne {sign}", "hospitality"), ("Café {sign}", "hospitality"), ("Auberge {sign}", "hospitality"),
        ("Boulangerie {name}", "retail"), ("Boucherie {name}", "retail"), ("Traiteur {name}", "retail"),
        ("Fromagerie {name}", "retail"), ("Épicerie {name}", "retail"), ("Chocolaterie {name}", "retail"),
        ("{name} Réceptions", "catering"), ("Résidence {sign}", "care"), ("Salon de thé {sign}", "hospitality"),
    ),
    "de": (
        ("Gasthaus {sign}", "hospitality"), ("Hotel {sign}", "hospitality"), ("Restaurant {sign}", "hospitality"),
        ("Café {sign}", "hospitality"), ("Brauhaus {sign}", "hospitality"), ("Ratskeller {sign}", "hospitality"),
        ("Bäckerei {name}", "retail"), ("Metzgerei {name}", "retail"), ("Feinkost {name}", "retail"),
        ("Weinhandlung {name}", "retail"), ("Konditorei {name}", "retail"), ("Hofladen {name}", "retail"),
        ("{name} Catering", "catering"), ("Betriebsrestaurant {name}", "catering"), ("Seniorenhaus {sign}", "care"),
        ("Eiscafé {sign}", "hospitality"),
    ),
}  # fmt: skip
"""Per language how a customer is named and which trade that is."""

SIGNS = {
    "nl": (
        "De Kroon", "Het Anker", "De Gouden Leeuw", "De Zwaan", "’t Vosje", "De Oude Molen", "Het Wapen", "De Brug",
        "De Linde", "De Haven", "De Vier Heren", "De Waag", "Het Lokaal", "De Postkoets", "De Zon", "De Eenhoorn",
        "De Kade", "Het Bolwerk", "De Wilg", "De Vuurtoren", "De Blauwe Reiger", "Het Pakhuis", "De Stoep",
        "De Hofstee", "De Druif", "’t Stadhuys", "De Tuin", "De Toren", "De Veerman", "Oost", "Nova", "De Keizer",
    ),
    "fr": (
        "Le Cygne", "La Couronne", "Au Vieux Port", "Le Cheval Blanc", "Les Trois Rois", "La Belle Vue", "Le Moulin",
        "Aux Armes de la Ville", "Le Petit Zinc", "La Fontaine", "Le Jardin", "Chez Léon", "La Roue d’Or",
        "Le Lion d’Or", "Au Bon Coin", "Les Tilleuls", "La Grande Cloche", "Le Comptoir", "L’Étoile", "Le Phare",
    ),
    "de": (
        "Zum Goldenen Anker", "Zur Post", "Zum Löwen", "Zur Linde", "Am Dom", "Zum Schwan", "Zur Mühle", "Am Markt",
        "Zur Alten Schmiede", "Zum Hirschen", "Deichgraf", "Zum Adler", "Am Hafen", "Zur Krone", "Rheinblick",
        "Alte Wache", "Zum Stern", "Am Stadtpark", "Waldfrieden", "Leuchtturm", "Zur Glocke", "Kaiserhof",
    ),
}  # fmt: skip

SURNAMES = {
    "nl": (
        "de Boer", "Jansen", "van den Berg", "Meijer", "Bos", "Mulder", "de Groot", "Vos", "Hendriks", "Dekker",
        "Brouwer", "van Leeuwen", "Peters", "Kok", "Smit", "van der Meer", "Schouten", "Maas", "Verhoeven", "Willems",
        "Post", "Kuipers", "Vermeulen", "Timmermans", "Koster", "Prins", "Blom", "Huisman", "de Wit", "Claes",
        "Wouters", "Goossens", "Mertens", "Aerts", "Pauwels", "de Smet", "Molenaar", "Scholten", "van Vliet", "Bakels",
    ),
    "fr": (
        "Dupont", "Lambert", "Martin", "Leclercq", "Renard", "Fontaine", "Gérard", "Lejeune", "Marchal", "Simon",
        "Dumont", "Laurent", "Henry", "Petit", "Denis", "Collard", "Noël", "Servais", "Delvaux", "Bodart", "Michaux",
        "Thiry", "Georges", "Lemaire",
    ),
    "de": (
        "Müller", "Schmidt", "Weber", "Hoffmann", "Koch", "Richter", "Klein", "Wolf", "Schröder", "Neumann", "Braun",
        "Krüger", "Hartmann", "Lange", "Krause", "Lehmann", "Peters", "Jansen", "Petersen", "Brandt", "Vogt", "Seidel",
        "Winter", "Baumann", "Schuster", "Kaiser", "Friedrich", "Ahrens", "Meinhardt", "Thiele",
    ),
}  # fmt: skip

GIVEN_NAMES = {
    "nl": (
        "Sanne", "Bram", "Femke", "Joost", "Marieke", "Pieter", "Ilse", "Wouter", "Anouk", "Bas", "Esther", "Thijs",
        "Karin", "Maarten", "Noor", "Ruben", "Saskia", "Tim", "Yvonne", "Jeroen", "Hilde", "Koen", "Inge", "Stijn",
    ),
    "fr": (
        "Amélie", "Luc", "Nathalie", "Benoît", "Chloé", "Olivier", "Sophie", "Thierry", "Isabelle", "Xavier", "Julie",
        "Pascal", "Céline", "Didier", "Manon", "Étienne",
    ),
    "de": (
        "Anja", "Stefan", "Sabine", "Markus", "Heike", "Thomas", "Lena", "Florian", "Birgit", "Sven", "Julia", "Uwe",
        "Kerstin", "Tobias", "Nadine", "Matthias", "Silke", "Lars", "Petra", "Felix",
    ),
}  # fmt: skip

ROLES = (
    ("Owner", "Owner"), ("Purchasing", "Head of purchasing"), ("Kitchen", "Chef"), ("Accounts", "Bookkeeper"),
    ("Floor", "Restaurant manager"), ("Stores", "Store manager"),
)  # fmt: skip
"""A contact's role at the account and the job title that goes with it; the first is the most usual."""

NOTES = (
    "Deliveries at the back door before ten; ring twice.",
    "Prefers a call on Tuesday mornings, never during lunch service.",
    "New menu every quarter; ask for the draft three weeks ahead.",
    "Buys wine from a friend of the family; do not push it.",
    "Terrace seats doubled last year, strong summer business.",
    "Closed on Mondays and in the second half of January.",
    "Wants everything on one pallet; the lift takes 80 cm.",
    "Looks at price first, but stays for reliability.",
    "Organic range is growing; certificate on file.",
    "Kitchen is being rebuilt, smaller orders until it is done.",
    "Takes part in the town's food festival in June.",
    "Pays early when the invoice comes by e-mail.",
    "The chef decides, the owner signs.",
    "Uses our espresso machine on loan; service in spring.",
)

PAYMENT_TERMS = (
    ("14 days net", 14),
    ("30 days net", 30),
    ("8 days 2 %, 30 days net", 30),
    ("21 days net", 21),
)
DELIVERY_TERMS = (
    "Free from 250 EUR", "Tuesday and Friday, free from 250 EUR", "Daily before 10:00", "Collects in Amsterdam",
)  # fmt: skip
