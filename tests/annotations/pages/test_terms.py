"""Terms are defined once on a page, where it first uses them."""

from annotations.pages.terms import TERMS, Definitions


def test_a_term_is_defined_where_a_page_first_uses_it() -> None:
    page = Definitions()
    assert page.added_to("Nothing of that kind.") == "Nothing of that kind."
    first = page.added_to("6 points over the control.")
    assert first == f"6 points over the control. {TERMS['control']}"
    assert page.added_to("8 points over the control.") == "8 points over the control."
    assert Definitions().added_to("Unrelated words reach 0.3.").endswith(TERMS["unrelated words"])


def test_a_definition_brings_those_of_the_terms_that_it_uses() -> None:
    page = Definitions()
    told = page.added_to("2 of 3 are better than guessing.")
    assert told.endswith(f"{TERMS['better than guessing']} {TERMS['unrelated words']}")
    assert page.added_to("unrelated words") == "unrelated words"
