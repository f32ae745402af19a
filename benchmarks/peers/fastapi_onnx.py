"""FastAPI on uvicorn, scoring by onnxruntime.

A vectoriser with a Python function for its analyzer cannot be converted, so tokenising and counting
stay in Python; tf-idf and the linear estimator, which are all of the arithmetic, are converted by
skl2onnx and run on a dense row of counts.
"""

from collections import Counter
from pathlib import Path

import numpy as np
import onnxruntime
from fastapi import FastAPI
from pydantic import BaseModel
from skl2onnx import to_onnx
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from model.artifact import load
from model.tokens import tokenize


def converted(pipeline: Pipeline) -> onnxruntime.InferenceSession:
    """Convert all but the counting; the estimator as the logistic regression of its weights."""
    vectorizer, estimator = pipeline[0], pipeline[-1]
    weighting = TfidfTransformer(sublinear_tf=vectorizer.sublinear_tf)
    weighting.idf_ = vectorizer.idf_
    linear = LogisticRegression()
    linear.classes_ = np.asarray(estimator.classes_, dtype=str)
    linear.coef_, linear.intercept_ = estimator.coef_, np.asarray(estimator.intercept_)
    model = to_onnx(
        Pipeline([("tfidf", weighting), ("linear", linear)]),
        np.zeros((1, len(vectorizer.vocabulary_)), dtype=np.float32),
        options={"zipmap": False},
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


pipeline = load(Path("model/trained")).pipeline
vocabulary = pipeline[0].vocabulary_
session = converted(pipeline)
application = FastAPI()


class Text(BaseModel):
    """The body of a request."""

    text: str


class Label(BaseModel):
    """The body of an answer."""

    label: str


@application.post("/prediction")
async def prediction(given: Text) -> Label:
    """Answer the label of one text."""
    counts = np.zeros((1, len(vocabulary)), dtype=np.float32)
    for term, count in Counter(tokenize(given.text)).items():
        if term in vocabulary:
            counts[0, vocabulary[term]] = count
    return Label(label=str(session.run(["label"], {"X": counts})[0][0]))


@application.get("/readyz")
async def ready() -> str:
    """Answer that the server is up."""
    return "ready"
