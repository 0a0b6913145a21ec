"""Goals over a last set of documents, to see where the rules stand; what they miss is marked, not mended."""

from tests.integration.llm.rehearsal.cases import Case, World

AIRPORT = World(
    {
        "baggage.md": "# Baggage rules\n\nEconomy passengers may check in one bag of up to 23 kg. Each extra bag costs 55 dollars per flight. Bags over 32 kg are not accepted. Sports equipment must be registered 48 hours before departure.\n",
        "lounge.md": "# Lounge\n\nThe lounge is on level 3 and opens daily from 05:00 to 23:30. A day pass costs $39 per person. Children under 2 enter free. Showers are included.\n",
        "delays.csv": "flight,destination,minutes late,reason\nKQ101,Nairobi,35,weather\nKQ205,Accra,0,none\nKQ310,Lagos,82,technical\nKQ412,Accra,15,weather\n",
    },
    [
        Case("What do 3 extra bags cost on 2 flights?", ["330"], source="baggage.md"),
        Case("Is a bag of 35 kg accepted?", ["no"], source="baggage.md"),
        Case("On which level is the lounge?", ["level 3"], source="lounge.md"),
        Case("Is the lounge open at 4 am?", ["no"], source="lounge.md"),
        Case("How many flights were late because of the weather?", ["2"], source="delays.csv"),
        Case("average delay in minutes", ["33"], source="delays.csv"),
        Case("day passes for a family of 4?", ["156"], source="lounge.md"),
        Case("Which flight was the latest, and why?", ["KQ310", "technical"], source="delays.csv", gap=True),
        Case("are showers included in the lounge", ["yes"], source="lounge.md"),
    ],
)

FACTORY = World(
    {
        "line.md": "# Line 4\n\nLine 4 produces 180 bottles per minute. A shift lasts 8 hours. Each pallet carries 960 bottles. The reject rate is 2%.\n\nThe line is cleaned every 12 hours; cleaning takes 40 minutes. Responsible: Goran Ilic.\n",
        "orders.md": "| Customer | Bottles | Due | Price per 1000 |\n|---|---|---|---|\n| Aqua AG | 240000 | 2026-08-14 | 62 EUR |\n| Fonte | 96000 | 2026-08-02 | 65 EUR |\n| Lido | 18000 | 2026-09-01 | 71 EUR |\n",
    },
    [
        Case("How many bottles does line 4 produce in an hour?", ["10800"], source="line.md"),
        Case("How many bottles per shift?", ["86400"], source="line.md", gap=True),
        Case("how many pallets are needed for 96,000 bottles", ["100"], source="line.md"),
        Case("who is responsible for line 4?", ["Goran Ilic"], source="line.md"),
        Case("Which order is due first?", ["Fonte"], source="orders.md"),
        Case("total bottles ordered", ["354000"], source="orders.md"),
        Case("How long does cleaning take?", ["40 minutes"], source="line.md"),
        Case("When is the Aqua AG order due? Write the date to due.txt.", ["2026-08-14"], files={"due.txt": ["2026-08-14"]}),
        Case("What does 50000 bottles for Lido cost?", ["3550"], source="orders.md", gap=True),
    ],
)

SWIM = World(
    {
        "course.txt": "The swimming course starts on Monday, 7 September 2026 and runs for 10 weeks. Each lesson lasts 45 minutes. The fee is 129 euros per child; siblings pay 20% less. Children must be at least 5 years old. Register with Mrs Tan by 24 August.\n",
        "pool.md": "# Pool hours\n\n- Monday to Friday: 6:30 - 21:00\n- Saturday: 8:00 - 18:00\n- Sunday: closed\n\nEntry: adults 6.50 EUR, children 3 EUR. The deep pool is 3.80 m deep.\n",
    },
    [
        Case("until when can I register and with whom?", ["24 August", "Mrs Tan"], source="course.txt"),
        Case("What is the fee for 2 children?", ["258"], source="course.txt"),
        Case("Can my 4 year old join the course?", ["no"], source="course.txt"),
        Case("when does the course end?", ["2026-11-16|16 November 2026"], source="course.txt"),
        Case("Is the pool open on Sunday?", ["no"], source="pool.md"),
        Case("Entry for 2 adults and 4 children", ["25"], source="pool.md"),
        Case("when does the pool close on saturday", ["18:00"], source="pool.md"),
        Case("Depth of the deep pool in feet?", ["12.4672|12.47"], source="pool.md"),
        Case("How many hours is the pool open on Saturdays?", ["10"], source="pool.md"),
        Case(
            "Draft a friendly email to the parents, and tell me how long a lesson lasts.",
            ["45 minutes", "cannot|can't|beyond"],
        ),
    ],
)

WORLDS = [AIRPORT, FACTORY, SWIM]
