"""A report as one page of HTML, which loads nothing from elsewhere."""

import io
from base64 import b64encode
from collections.abc import Iterable
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

from PIL import Image, ImageOps

from clarify_errors.arrays.phrases.worded_scale import BetterThanGuessing
from clarify_errors.explanations.correction import costs

if TYPE_CHECKING:
    from clarify_errors.explanations.diagnosis import ClassReport, Report

_SIDE, _QUALITY, _SHOWN = 112, 60, 15
_PICTURES = 1_300_000  # bytes of pictures; the rest of 2 MB is for the text
_SECTIONS = 100  # classes with a section of their own; the table has all
_VERDICTS = {
    BetterThanGuessing.YES: "better than guessing",
    BetterThanGuessing.NO: "no better than guessing",
    BetterThanGuessing.TOO_FEW: "too few images to tell",
    BetterThanGuessing.UNKNOWN: "not known",
}


def report_page(report: "Report", *, is_part: bool = False) -> str:
    """Write a report as HTML.

    Parameters
    ----------
    report : Report
    is_part : bool, default False
        Whether it stands within another page, such as a notebook.

    Returns
    -------
    str
        At most 2 MB.
    """
    style = f"<style>{files('clarify_errors.explanations').joinpath('report.css').read_text('utf-8')}</style>"
    left = _PICTURES
    sections = []
    for each in report.found[:_SECTIONS]:
        pictures = _sides(each)
        left -= len(pictures)
        sections.append(_section(each, pictures if left >= 0 else "<p>The file has no space for these pictures.</p>"))
    about = f"clarify report · {report.model} · {report.n_validation:,} validation images"
    drawn = (
        "<p>The splits were drawn: images that the model was trained on may be among them.</p>" if report.drawn else ""
    )
    body = "".join(
        [
            f'<p class="about">{escape(about)}</p><h1>{_title(report)}</h1>',
            f"<p>{escape(report.summary)}</p>{drawn}",
            _classes(report),
            *sections,
            _listed("Classes that were left out", report.left_out),
            _listed("Pictures that could not be read", report.unreadable),
        ]
    )
    page = f'<main class="clarify-report" lang="en">{body}</main>'
    if is_part:
        return style + page.replace("<main", "<div").replace("</main>", "</div>")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(about)}</title>{style}</head><body>{page}</body></html>\n"
    )


def _title(report: "Report") -> str:
    if not report.found:
        return "No word tells the errors apart better than guessing"
    first = report.found[0]
    return f"Your model fails on “{escape(first.name)}” with <mark>{escape(first.line['phrase'])}</mark>"


def _classes(report: "Report") -> str:
    rows = (
        [each.name, each.line["phrase"], f"{each.line['error_score']:.2f}", *_split(each.line), _verdict(each.line)]
        for each in report
    )
    head = ("class", "phrase", "error score", "wrong with", "wrong without", "verdict")
    return _table("Classes with enough errors", head, (map(escape, row) for row in rows)) if len(report) else ""


def _section(of: "ClassReport", pictures: str) -> str:
    rows = []
    for line in of.table().to_dict("records"):
        score, level = line["error_score"], max(line["null_level"], line["vocabulary_level"] or 0.0)
        gain = of.corrections.get(line["phrase"])
        told = "not trained" if gain is None else (
            f"{100 * gain.gain.own:+.1f} ({100 * gain.gain.low:+.1f} to {100 * gain.gain.high:+.1f}) points"
        )  # fmt: skip
        phrase, *cells = map(escape, [line["phrase"], *_split(line), _verdict(line), told])
        name = f"error score of “{phrase}”"
        bar = f'<meter aria-label="{name}" min="0" max="1" low="{level:.3f}" value="{score:.3f}"></meter> {score:.2f}'
        rows.append([phrase, bar, f"{level:.2f}", *cells])
    head = ("phrase", "error score", "chance reaches", "wrong with", "wrong without", "verdict", "own gain")
    trained = [
        f'<div class="card"><h3>Corrected with “{escape(phrase)}”</h3><p>{escape(str(each.gain))}. '
        f"{escape(costs(each.measures, each.group_names))}.</p></div>"
        for phrase, each in of.corrections.items()
    ]
    name = escape(repr(of.name))
    code = f"report[{name}].correct({escape(repr(of.line['phrase']))})" + (".install(model)" if of.network else "")
    return (
        f"<section><h2>{escape(of.name)}</h2>{pictures}{_table('Phrases, by error score', head, rows)}"
        f"{''.join(trained)}<pre>{code}</pre></section>"
    )


def _sides(of: "ClassReport") -> str:
    told = []
    for title, images in of.explanation.sides(of.line["phrase"], _SHOWN):
        shown = "".join(
            f'<li class="{side}"><img alt="{escape(of.name)}, predicted {how}" src="{_embedded(image)}"></li>'
            for image, is_wrong in images
            for side, how in [("wrong", "wrongly") if is_wrong else ("right", "right")]
        )
        told.append(f'<div class="card"><h3>{escape(title[:1].upper() + title[1:])}</h3><ul>{shown}</ul></div>')
    return f'<div class="sides">{"".join(told)}</div>'


def _embedded(image: Image.Image) -> str:
    stream = io.BytesIO()
    ImageOps.fit(image, (_SIDE, _SIDE)).save(stream, "WEBP", quality=_QUALITY)
    return f"data:image/webp;base64,{b64encode(stream.getvalue()).decode()}"


def _split(line: dict[str, object]) -> list[str]:
    return [f"{line['wrong_with']} of {line['n_with']}", f"{line['wrong_without']} of {line['n_without']}"]


def _verdict(line: dict[str, str]) -> str:
    return _VERDICTS[BetterThanGuessing(line["better_than_guessing"])]


def _table(caption: str, head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    titles = "".join(f'<th scope="col">{title}</th>' for title in head)
    lines = (
        f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>' for first, *rest in rows
    )
    return (
        f'<div class="card" role="region" aria-label="{caption}" tabindex="0"><table>'
        f"<caption>{caption}</caption><thead><tr>{titles}</tr></thead>"
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def _listed(title: str, reasons: dict[str, str]) -> str:
    if not reasons:
        return ""
    more = len(reasons) - 1_000
    lines = "".join(f"<br>{escape(name)}: {escape(why)}" for name, why in list(reasons.items())[:1_000])
    return (
        f"<details><summary>{title} ({len(reasons):,})</summary><p>{lines.removeprefix('<br>')}"
        f"{f'<br>and {more:,} more' if more > 0 else ''}</p></details>"
    )
