"""Invented texts that trials send and train on, of the length of ordinary posts."""

from __future__ import annotations

import random

import msgspec

SENTENCES = {
    "baseball": (
        "The pitcher struck out nine batters and the catcher threw to second base.",
        "A home run in the ninth inning won the game for the visitors.",
        "He batted third, walked twice and stole a base before the rain came.",
    ),
    "cryptography": (
        "A cipher needs a secret key, and the key must be random and long.",
        "They broke the encryption by guessing the password behind the private key.",
        "Whoever escrows the key can read the mail of everybody who uses the chip.",
    ),
    "electronics": (
        "Solder the resistor and the capacitor to the circuit board.",
        "The voltage across the diode drops when the battery runs low.",
        "An amplifier hums when its ground wire picks up the current of the mains.",
    ),
    "hockey": (
        "The goalie stopped the puck and the team won the game on the ice.",
        "He skated past the defence and scored in overtime, shorthanded.",
        "Two penalties in the third period gave them the series and the cup.",
    ),
    "politics": (
        "The government raised the tax and parliament voted on the law.",
        "The president spoke about the election and the rights of citizens.",
        "A court has to decide whether the police were allowed to search the house.",
    ),
    "space": (
        "The rocket put a satellite into orbit around the moon.",
        "The shuttle launch was delayed, said the agency of its mission.",
        "A probe measured the solar wind on its way past the outer planets.",
    ),
}
"""What the labels of the served model are about."""

LENGTH = 24
"""Sentences of a text; with this many it is about as long as a newsgroup post, 1.6 kB."""


def texts(count: int) -> list[str]:
    """Return so many different texts, the same at each call."""
    source = random.Random(0)
    every = [sentence for some in SENTENCES.values() for sentence in some]
    return [
        " ".join(f"{n}. {sentence}" for n, sentence in enumerate(source.choices(every, k=LENGTH)))
        for _ in range(count)
    ]


def bodies(count: int) -> list[bytes]:
    """Return so many different bodies of POST /prediction."""
    return [msgspec.json.encode({"text": text}) for text in texts(count)]
