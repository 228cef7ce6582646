"""A study of experts: two classes, no clock, and somebody of the staff who annotates in it."""

from django.contrib.auth.models import User
from django.test import Client

from annotations.models import AnnotationSession, BaseModel, Role, Study
from annotations.studies import lifecycle
from tests.support.actors import OVAL, SQUARE

CODE = "C0DE1234"


def experts_draft(base_model: BaseModel, slug: str = "experts") -> Study:
    """A draft of experts with a task on squares and one on ovals, both without a clock."""
    tasks = [{"base_model": base_model, "target_class": label, "time_limit_s": None} for label in (SQUARE, OVAL)]
    return lifecycle.create_study(
        slug=slug, title="What experts see", completion_code=CODE, tasks=tasks, audience="experts"
    )


def expert(study: Study, name: str = "erika", role: Role = Role.ANALYST) -> User:
    """Somebody who has a role in the study."""
    user = User.objects.create_user(name, is_staff=True)
    study.members.create(user=user, role=role)
    return user


def logged_in(user: User, visit: AnnotationSession | None = None) -> Client:
    """Their browser, in the visit where one is given."""
    client = Client()
    client.force_login(user)
    if visit is not None:
        cookie = client.session
        cookie["annotation_session"] = visit.pk
        cookie.save()
    return client
