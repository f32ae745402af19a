"""The unfitted scikit-learn pipelines: the one that is served and the challenge's baseline.

May import nothing of ours.
"""

from __future__ import annotations

from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import Pipeline


def baseline_pipeline() -> Pipeline:
    """Return the challenge's own model, all defaults: what any other has to beat."""
    return Pipeline(
        [
            ("count", CountVectorizer()),
            ("tfidf", TfidfTransformer()),
            ("estimator", MultinomialNB()),
        ]
    )
