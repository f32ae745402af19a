"""Small examples of our own, and what is made of them: shared by the tests of all rooms."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from model import artifact
from model.artifact import TrainingData
from model.dataset import Examples

# How long an example takes says more of the machine than of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

TEXTS = {
    "cooking": [
        "Knead the dough, let it rise twice and bake the bread in a hot oven.",
        "The soup needs salt, pepper and a crème fraîche on top.",
        "Fry the onions in butter until they are golden, then add garlic.",
        "A sharp knife and a heavy pan are all that this stew asks for.",
        "Борщ варят дважды, суп подают горячим.",
        "Simmer the sauce; taste it, taste it again, then add more salt.",
    ],
    "jardín": [
        "Prune the roses in March and water the seedlings every morning.",
        "The soil under the apple tree is dry, so mulch it with leaves.",
        "Tomato plants need a stake, sun and plenty of compost.",
        "Las rosas del jardín necesitan agua, sol y buena tierra.",
        "Slugs ate the lettuce again; the hedge shelters a hedgehog.",
        "Sow the beans after the last frost, two seeds to a hole.",
    ],
    "sailing": [
        "Reef the mainsail before the wind reaches twenty knots.",
        "The harbour is shallow: drop anchor outside and row ashore.",
        "She tacked twice and rounded the buoy ahead of every other boat.",
        "帆船 在 海上 顺风 航行。",
        "Check the tide, the rudder and the life jackets before you leave port.",
        "A loose sheet flogged the sail until the seam tore.",
    ],
}


@pytest.fixture(scope="session")
def tiny_examples() -> Examples:
    """Eighteen labelled texts on three topics, the topics taking turns."""
    rounds = zip(*TEXTS.values(), strict=True)
    texts = [text for one_each in rounds for text in one_each]
    labels = list(TEXTS) * (len(texts) // len(TEXTS))
    return Examples(texts, labels, Path("tiny.jsonl"), "0" * 64)


@pytest.fixture(scope="session")
def tiny_pipeline(tiny_examples: Examples) -> Pipeline:
    """A fitted pipeline of the kind that compiles."""
    pipeline = Pipeline(
        [
            ("tfidf", TfidfVectorizer(sublinear_tf=True)),
            ("estimator", LogisticRegression(C=10.0)),
        ]
    )
    return pipeline.fit(tiny_examples.texts, tiny_examples.labels)


@pytest.fixture(scope="session")
def tiny_artifact(
    tmp_path_factory: pytest.TempPathFactory, tiny_pipeline: Pipeline, tiny_examples: Examples
) -> Path:
    """A folder that holds the saved pipeline; copy it before changing anything in it."""
    directory = tmp_path_factory.mktemp("artifact")
    data = TrainingData(
        source="own data",
        sha256=tiny_examples.sha256,
        examples=len(tiny_examples),
        examples_per_label=tiny_examples.counts,
        views=["whole"],
    )
    artifact.save(
        directory,
        tiny_pipeline,
        trained_at="2024-05-06T07:08:09+00:00",
        training_seconds=0.5,
        data=data,
        hyperparameters={"C": 10.0},
    )
    return directory
