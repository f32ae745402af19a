"""`make predict`: labels every line of a file, python -m scripts.predict IN [OUT].

JSON lines, plain lines or other formats, compressed or not, - for standard input and output. An
interrupted run goes on with --resume.
"""

from __future__ import annotations

import argparse
import signal
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import get_args

from bulk import backends
from bulk.options import LABEL, PREDICTED, WHOLE, parse_shard
from bulk.run import Job, Summary, label_file, lines_to_resume_from
from bulk.source import STANDARD
from model.errors import BulkError
from model.formats import Format
from scripts.cli import run
from scripts.progressbar import ProgressBar


def main() -> None:
    """Label and print what was done; raises UserError when something outside the code is wrong."""
    arguments = _parser().parse_args()
    job = _job(arguments)
    signal.signal(signal.SIGTERM, _terminate)
    try:
        with ProgressBar(sys.stderr) as bar:
            summary = label_file(job, _backend(arguments), bar.show)
    except KeyboardInterrupt as interruption:
        print(f"\n{_how_to_go_on(job)}", file=sys.stderr)
        sys.exit(128 + (interruption.args or (signal.SIGINT,))[0])
    except BrokenPipeError:
        # Whoever read the results wants no more of them, as `head` does.
        sys.exit(128 + signal.SIGPIPE)
    print(_reported(summary), file=sys.stderr if summary.output == STANDARD else sys.stdout)
    if summary.done.rejected > summary.done.lines / 2:
        raise BulkError(
            f"{summary.done.rejected:,} of {summary.done.lines:,} lines are bad, more than half: is"
            " the file what --format and --encoding say?"
        )


def _job(given: argparse.Namespace) -> Job:
    return Job(
        input=given.input,
        output=given.output,
        model_dir=given.model_dir,
        format=None if given.format == "auto" else given.format,
        encoding=given.encoding,
        label_field=given.label_field or (PREDICTED if given.evaluate else LABEL),
        scores=given.scores,
        explain=given.explain,
        evaluate=given.evaluate,
        skip_bad_lines=given.skip_bad_lines,
        rejects=given.rejects,
        shard=parse_shard(given.shard) if given.shard else WHOLE,
        resume=given.resume,
    )


def _backend(given: argparse.Namespace) -> AbstractContextManager[backends.Outcomes]:
    if given.backend == "local" and given.scheduler:
        raise BulkError("--scheduler is for --backend dask: add that")
    if given.backend == "local":
        return backends.local(given.jobs)
    if not given.scheduler:
        raise BulkError("--backend dask needs --scheduler ADDRESS, such as tcp://127.0.0.1:8786")
    return backends.dask(given.scheduler)


def _terminate(signum: int, _: object) -> None:
    raise KeyboardInterrupt(signum)


def _how_to_go_on(job: Job) -> str:
    lines = lines_to_resume_from(job)
    if not lines:
        return "interrupted: nothing is kept"
    return f"interrupted after {lines:,} lines: the same command with --resume goes on from there"


def _reported(summary: Summary) -> str:
    done = summary.done
    reported = f"{done.lines:,} lines = {done.labelled:,} labelled + {done.rejected:,} rejected"
    if done.blank:
        reported += f" + {done.blank:,} blank"
    if summary.before:
        reported += f"; {summary.before:,} of them by an earlier run"
    if done.rejected:
        reported += f"\nrejected lines, with numbers and reasons: {summary.rejects}"
    if summary.agreement:
        found = summary.agreement
        reported += (
            f"\n{found.rows:,} lines with a label of their own:"
            f" accuracy {found.accuracy:.3f}, macro-F1 {found.macro_f1:.3f}"
        )
    if summary.unknown:
        reported += (
            f"\nlabels unknown to the model: {', '.join(map(repr, summary.unknown))};"
            " predictions for their lines count as wrong"
        )
    return reported


def _jobs(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.predict", description=__doc__)
    add = parser.add_argument
    add("input", metavar="IN", help="file of texts, gzipped or not, or - for standard input")
    add(
        "output", metavar="OUT", nargs="?", default=STANDARD,
        help="file of labelled JSON lines, gzipped if it ends in .gz, or - (default) for standard"
        " output; it has its name only when it is complete",
    )  # fmt: skip
    add(
        "--format", choices=["auto", *get_args(Format)], default="auto",
        help='jsonl: an object {"text": ...} a line; text: a text a line; csv, tsv: a column text;'
        " json: an array of objects; mbox, eml: messages; auto (default): by name and content",
    )  # fmt: skip
    add(
        "--encoding",
        metavar="NAME",
        help="of the input, such as utf-16 or latin-1 (default: utf-8)",
    )
    add("--scores", action="store_true", help="add the probability of every label")
    add("--explain", type=int, default=0, metavar="N", help="add the N words for and against")
    add(
        "--label-field", metavar="NAME",
        help="field for the predicted label (default: label; with --evaluate predicted)",
    )  # fmt: skip
    add(
        "--evaluate", action="store_true",
        help="compare with the rows' own field label: print accuracy and macro-F1",
    )  # fmt: skip
    add("--skip-bad-lines", action="store_true", help="put lines aside that cannot be labelled")
    add("--rejects", metavar="FILE", help="for skipped lines (default: OUT.rejected.jsonl)")
    add("--resume", action="store_true", help="go on with an interrupted run, if there is one")
    add("--shard", metavar="I/N", help="label part I of N, from 0; OUT gets it into its name")
    add("--jobs", type=_jobs, default=-1, help="processes (default: one for each usable core)")
    add("--backend", choices=["local", "dask"], default="local", help="default: local")
    add("--scheduler", metavar="ADDRESS", help="of the Dask cluster, for --backend dask")
    add("--model-dir", type=Path, default=Path("model/trained"), help="default: model/trained")
    return parser


if __name__ == "__main__":
    run(main)
