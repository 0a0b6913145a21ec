"""Goals written after the rules, over kinds of documents that were not looked at while the rules were made."""

import pytest

from tests.unit.llm.rehearsal.rehearsal_driver import World, run

GARDEN = {
    "garden/watering.md": "# Watering\n\nTomatoes need 1.5 litres of water per plant and day. Cucumbers need 2 litres per plant and day. Lavender is watered once a week.\n\n# Soil\n\nCompost is sold at 6.40 euros per bag. One bag covers 2 square metres.\n"
}
TAXI = {
    "taxi.txt": "Taxi tariff of Norburg: the base fare is 4.20 euros, plus 2.10 euros per kilometre. Waiting time is charged at 36 euros per hour. Night rides cost 15% more.\n"
}
GYM = {
    "gym.md": "## Membership\n\n* Basic: £24 per month\n* Plus: £35 per month\n* Students get a 20% discount.\n\nA registration fee of £15 is charged once. The gym is open Mon-Fri 06:00-22:00 and Sat-Sun 08:00-20:00.\n"
}
PRINT = {
    "print-shop.md": "| Format | Price per page | Minimum |\n|---|---|---|\n| A4 colour | $0.35 | 10 |\n| A4 black | $0.08 | 10 |\n| A3 colour | $0.80 | 5 |\n\nBinding: $3.50 per booklet.\n"
}
BAKERY = {
    "orders.csv": "customer,item,quantity,unit_price\nCafe Lux,Baguette,40,1.20\nCafe Lux,Croissant,60,1.50\nHotel Rex,Baguette,25,1.20\nHotel Rex,Brioche,30,2.10\n"
}
PLANETS = {
    "planets.json": '[{"planet":"Mars","diameter_km":6779,"moons":2},{"planet":"Venus","diameter_km":12104,"moons":0},{"planet":"Saturn","diameter_km":116460,"moons":146}]'
}
CLINIC = {
    "clinic.md": "# Clinic Westend\n\nDr. Ines Falk heads the cardiology department. The emergency desk can be reached at +49 30 5550 199. Visiting hours are from 14:00 to 19:00.\n\nPatients should cancel appointments at least 24 hours in advance. A missed appointment is charged 25 euros.\n"
}
LEASE = {
    "lease.md": "Lease no. 88, signed on 12 January 2026 by Harun Demir (tenant) and Pola Estates (landlord). The notice period is three months. The deposit amounts to 2,400 euros. The lease ends on 31 December 2028.\n"
}
RACE = {
    "results.md": "Results of the lake run:\n\n- Jonas: 42 minutes\n- Petra: 39 minutes\n- Milo: 47 minutes\n- Sada: 40 minutes\n"
}
CABLE = {
    "cable.md": "The copper cable costs 3.85 EUR/m. Cutting: flat fee 5 EUR per order. Orders over 100 m get a 10% discount.\n"
}
TEAM = {
    "about.md": "Pinewood was founded in 1998 by Carla Voss and Emil Tran. Today it employs 240 people in three offices: Oslo, Graz and Porto. Its headquarters are in Graz. Annual revenue was €18.4 million in 2025.\n"
}
TRIP = {
    "trip.txt": "Day 1: bus from Lima to Paracas, 260 km, departs 07:30.\nDay 2: boat tour, 35 dollars per person.\nDay 3: bus to Ica, 75 km.\n"
}
POOLS = {
    "a.md": "Visitors must be at least 16 years old to use the sauna. Towels can be rented for 3 euros each.\n",
    "b.md": "Lockers need a 2 euro coin. The café closes one hour before the pool.\n",
}
CRANE = {
    "rental.md": "Equipment hire\n\nMini crane: 180 euros per day, 900 euros per week.\nScaffold tower: 45 euros per day.\nDelivery is 60 euros flat.\nAll prices are net; 19% VAT is added.\n"
}

UNSEEN = [
    (GARDEN, "How much water do 12 tomato plants need in a week?", ["126"], []),
    (GARDEN, "how much do 8 bags of compost cost", ["51.20"], []),
    (GARDEN, "How often is lavender watered?", ["once a week"], []),
    (GARDEN, "I have 5 cucumber plants. How many litres do they need in 3 days?", ["30"], []),
    (TAXI, "What is the fare for a 12 km ride in Norburg?", ["29.40"], []),
    (TAXI, "How much is 20 minutes of waiting time?", ["12 euros"], []),
    (TAXI, "Do night rides cost more?", ["15%"], []),
    (GYM, "What does a Plus membership cost for 6 months?", ["210"], []),
    (GYM, "How much does a student pay for 12 months of Basic membership including the registration fee?", ["24", "20%"], []),
    (GYM, "Until when is the gym open on Saturday?", ["20:00"], []),
    (PRINT, "What do 200 pages A4 colour cost?", ["70"], ["16 dollars"]),
    (PRINT, "How much is it to print 50 A3 colour pages?", ["40"], []),
    (PRINT, "Which format is cheapest per page?", ["A4 black"], []),
    (BAKERY, "How many baguettes were ordered in total?", ["65"], []),
    (BAKERY, "What is the sum of the quantity for Hotel Rex?", ["55"], []),
    (BAKERY, "Which item has the highest unit price?", ["Brioche"], []),
    (PLANETS, "Which planet has the most moons?", ["Saturn", "146"], []),
    (PLANETS, "What is the diameter of Mars in miles?", ["4,212"], []),
    (PLANETS, "How much bigger is the diameter of Venus than that of Mars?", ["5,325"], []),
    (CLINIC, "Who heads the cardiology department?", ["Ines Falk"], []),
    (CLINIC, "What's the phone number of the emergency desk?", ["5550 199"], []),
    (CLINIC, "What does it cost if I miss 3 appointments?", ["75"], []),
    (CLINIC, "Who heads the neurology department?", ["Not found"], []),
    (LEASE, "Who is the tenant of lease 88?", ["Harun Demir"], []),
    (LEASE, "How many days is it from the signing of the lease to the end of the lease?", ["1,084"], []),
    (LEASE, "How much is the deposit?", ["2,400"], []),
    (RACE, "Who was the fastest in the lake run, and what was the average time?", ["42"], []),
    (RACE, "How many minutes faster was Petra than Milo?", ["8"], []),
    (CABLE, "Price of 40 m of cable, please.", ["154", "flat fee 5 EUR"], []),
    (CABLE, "Compute the total for 120 metres of copper cable.", ["10%"], []),
    (TEAM, "When was Pinewood founded and who founded it?", ["1998", "Carla Voss"], []),
    (TEAM, "Where are the headquarters?", ["Graz"], []),
    (TEAM, "How many people work for Pinewood?", ["240"], []),
    (TRIP, "How many kilometres by bus in total?", ["335"], []),
    (TRIP, "What does the boat tour cost for four people?", ["140"], []),
    (TRIP, "At what time does the bus to Paracas leave?", ["07:30"], []),
    (POOLS, "What do I pay for 4 towels?", ["12 euros"], []),
    (POOLS, "How old do you have to be for the sauna?", ["16"], []),
    (CRANE, "What does hiring the scaffold tower for 4 days cost with delivery?", ["240"], []),
    (CRANE, "Give me the price of the mini crane for 2 weeks including VAT.", ["2,142"], []),
]


@pytest.mark.parametrize(("documents", "goal", "wanted", "unwanted"), UNSEEN, ids=[c[1][:60] for c in UNSEEN])
async def test_unseen_goal(documents, goal, wanted, unwanted):
    answer = await run(goal, World(documents=documents))
    body = answer.rpartition("(rehearsal")[0]
    for text in wanted:
        assert text in body, answer
    for text in unwanted:
        assert text not in body, answer
