"""Texts to try the service with, invented, by the label that they are meant to show.

Which of them are offered follows from the labels of the model.
"""

from __future__ import annotations

EXAMPLES = {
    "baseball": (
        "He pitched seven innings, gave up two hits and no walks, and left with the bases empty."
        " The bullpen nearly threw it away in the ninth, but a double play at second saved the"
        " game. If his arm holds, he starts again on Sunday."
    ),
    "cryptography": (
        "Publishing the algorithm does not weaken it: all of the secrecy sits in the key. What"
        " worries me is how the keys are generated. If the random numbers can be guessed, nobody"
        " has to break the cipher; they simply decrypt the messages."
    ),
    "electronics": (
        "The circuit runs from a 9 volt battery through a voltage regulator. With the load"
        " connected the output drops below 4 volts and the chip gets hot. Should I put a larger"
        " capacitor across the input, or is the transistor wired the wrong way round?"
    ),
    "hockey": (
        "Two shorthanded goals in one period, and the goalie stopped everything after that. They"
        " lost their best defenceman to a late penalty, though, and without him I would not bet on"
        " them in the playoffs, least of all in overtime."
    ),
    "politics": (
        "The government calls it a reform; most people will call it a tax. If parliament passes the"
        " law before the election, citizens should at least be told what rights they give up and"
        " who is going to pay for it."
    ),
    "space": (
        "The launch slipped by a day because of the weather. Once in orbit, the probe will spend a"
        " week testing its solar panels before it leaves for the moon. The mission costs less than"
        " one shuttle flight did."
    ),
}
