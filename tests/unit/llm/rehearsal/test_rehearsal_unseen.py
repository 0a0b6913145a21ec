"""Goals first written without regard to the rules, over kinds of documents that were not looked at while the rules were made."""

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

KITCHEN = {
    "kitchen.md": "# Canteen\n\nLunch costs CHF 9.50 for employees and CHF 14.00 for guests. The canteen serves lunch between 11:45 and 13:30. Coffee is free.\n\nTo book the banquet hall, write to events@canteen.example. The hall seats 85 people.\n"
}
SHIPPING = {
    "shipping.txt": "Parcels up to 2 kg cost 5.49 euros, parcels up to 10 kg cost 9.99 euros, parcels over 10 kg cost 18.50 euros. Insurance is 1% of the value. Delivery takes 2 to 3 working days.\n"
}
FARM = {
    "farm.md": "The wheat field covers 14 hectares and yields 6.5 tonnes per hectare. Wheat sells at 210 euros per tonne. Seed is sown at 180 kg/ha.\n"
}
SOLAR = {
    "solar.md": "Each panel delivers 410 watts. The roof carries 24 panels. The system cost 18,900 euros and was installed in May 2023 by Helio GmbH. Its warranty runs for 20 years.\n"
}
COURSE = {
    "courses.csv": "course,teacher,start,weeks,fee_eur\nPottery,R. Lang,2026-09-07,8,240\nSpanish A1,M. Ortiz,2026-09-14,12,310\nPhotography,K. Jensen,2026-10-05,6,195\nYoga,R. Lang,2026-09-02,10,150\n"
}
HR = {
    "handbook.md": "# Leave\n\nFull-time staff get 28 days of holiday per year. Unused days expire on 31 March of the following year. Sick leave must be reported to the team lead before 9:00.\n\n# Travel\n\nThe mileage allowance is 0.38 euros per kilometre. The daily allowance for trips is 28 euros. Hotels are reimbursed up to 120 euros per night.\n"
}
SERVER = {
    "runbook.md": "# Deploy\n\n1. Run the tests.\n2. Build the image with `make image`.\n3. Push it to the registry.\n\nThe staging database listens on port 5433. The production database listens on port 5432. The on-call engineer this week is Tomas Ruiz.\n"
}
ZOO = {
    "zoo.md": "| Animal | Count | Food per day (kg) |\n|---|---|---|\n| Elephant | 3 | 150 |\n| Lion | 5 | 7 |\n| Penguin | 40 | 0.5 |\n\nThe zoo opens daily at 9:00. Last admission is at 16:30.\n"
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
    (KITCHEN, "What do 3 guests and 2 employees pay for lunch?", ["61"], []),
    (KITCHEN, "How do I book the banquet hall?", ["events@canteen.example"], []),
    (KITCHEN, "How many people fit in the hall?", ["85"], []),
    (KITCHEN, "How many minutes is lunch served?", ["105"], []),
    (KITCHEN, "Does the canteen take credit cards?", ["ot found"], []),
    (SHIPPING, "What does it cost to send a parcel of 7 kg?", ["9.99"], []),
    (SHIPPING, "Price for a 12 kg parcel?", ["18.50"], []),
    (SHIPPING, "How long does delivery take?", ["2 to 3"], []),
    (FARM, "How many tonnes does the wheat field yield in total?", ["91"], []),
    (FARM, "What is the harvest of the wheat field worth?", ["19,110"], []),
    (FARM, "How much seed do I need for 5 hectares?", ["900"], []),
    (SOLAR, "What is the total power of all panels in watts?", ["9,840"], []),
    (SOLAR, "Who installed the solar system and when?", ["Helio"], []),
    (SOLAR, "How long is the warranty?", ["20 years"], []),
    (COURSE, "Who teaches Spanish A1?", ["Ortiz"], []),
    (COURSE, "When does the photography course start?", ["2026-10-05"], []),
    (COURSE, "Which courses does R. Lang teach?", ["Pottery", "Yoga"], []),
    (COURSE, "How much would Pottery and Yoga cost together?", ["390"], []),
    (COURSE, "What is the average fee?", ["223.75"], []),
    (COURSE, "How many courses start in September?", ["3 "], []),
    (COURSE, "Which course starts first?", ["Yoga"], []),
    (HR, "How many days of holiday do full-time staff get?", ["28"], []),
    (HR, "What do I get back for a drive of 340 kilometres?", ["129.20"], []),
    (HR, "I was on a trip for 3 days. How much daily allowance am I due?", ["84"], []),
    (HR, "When do unused holidays expire?", ["31 March"], []),
    (SERVER, "Which port does the staging database use?", ["5433"], []),
    (SERVER, "Who is on call this week?", ["Tomas Ruiz"], []),
    (SERVER, "What are the deploy steps?", ["Build the image", "Push it"], []),
    (ZOO, "How many lions are there?", ["5"], []),
    (ZOO, "Which animal eats the most?", ["Elephant"], []),
    (ZOO, "How many animals are there in total?", ["48"], []),
    (ZOO, "When is last admission?", ["16:30"], []),
    ({}, "What is 3/4 of 240?", ["180"], []),
    ({}, "If I save 150 euros a month, how much do I have after 2 years?", ["3,600"], []),
    ({}, "How many hours is 2.5 days?", ["60"], []),
    ({}, "hello", ["no neural network"], []),
    ({}, "Why is the sky blue?", ["ot found"], []),
    ({}, "What's 8% tip on $45.50?", ["3.64"], []),
]


@pytest.mark.parametrize(("documents", "goal", "wanted", "unwanted"), UNSEEN, ids=[c[1][:60] for c in UNSEEN])
async def test_unseen_goal(documents, goal, wanted, unwanted):
    answer = await run(goal, World(documents=documents))
    body = answer.rpartition("(rehearsal")[0]
    for text in wanted:
        assert text in body, answer
    for text in unwanted:
        assert text not in body, answer
