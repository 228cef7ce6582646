"""What a participant's own program can do: submit a phrase to an assignment of the visit, and read it."""

import uuid

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotations.api.common.permissions import InVisit, VisitAuthentication
from annotations.api.studies.serializers import NewPhraseSerializer, OwnPhraseSerializer
from annotations.models import AnnotationSession, Assignment, Phrase
from annotations.models.arrays import without_arrays
from annotations.services.phrases import phrase_submission
from annotations.services.phrases.phrase_submission import submit


class _VisitView(APIView):
    authentication_classes = (VisitAuthentication,)
    permission_classes = (InVisit,)


class PhrasesView(_VisitView):
    """Submits a phrase. 201 for a new one; 200 with the stored one where the client_uuid was seen before."""

    @extend_schema(
        operation_id="own_phrases_create",
        request=NewPhraseSerializer,
        responses={200: OwnPhraseSerializer, 201: OwnPhraseSerializer},
    )
    def post(self, request: Request, public_id: uuid.UUID) -> Response:
        assignment = _own_assignment(request, public_id)
        new = NewPhraseSerializer(data=request.data)
        new.is_valid(raise_exception=True)
        phrase_submission.check_rate_limit(assignment.session)
        phrase, created = submit(assignment, **new.validated_data)
        code = status.HTTP_201_CREATED if created else status.HTTP_200_OK
        return Response(OwnPhraseSerializer(phrase).data, status=code)


class PhraseView(_VisitView):
    """Reads a phrase; its score is null until a worker has scored it."""

    @extend_schema(operation_id="own_phrases_retrieve", responses=OwnPhraseSerializer)
    def get(self, request: Request, public_id: uuid.UUID, client_uuid: uuid.UUID) -> Response:
        assignment = _own_assignment(request, public_id)
        phrases = without_arrays(Phrase.objects.select_related("score"))
        phrase = get_object_or_404(phrases, assignment=assignment, client_uuid=client_uuid)
        return Response(OwnPhraseSerializer(phrase).data)


def _own_assignment(request: Request, public_id: uuid.UUID) -> Assignment:
    visit = request.auth if isinstance(request.auth, AnnotationSession) else None
    return get_object_or_404(Assignment, public_id=public_id, session=visit)
