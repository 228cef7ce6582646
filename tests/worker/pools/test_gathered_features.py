"""A data set whose features come from an encoder of their own grows by what is gathered."""

from pathlib import Path

import pytest

from annotations.models import Score
from tests.worker.pools.conftest import gather, imported, review, train, truth, watched


@pytest.mark.parametrize("features", ["python:tests.support.fake_encoder:load"])
def test_an_image_is_encoded_once_where_features_come_from_an_encoder_of_their_own(
    red: Score, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gathering = gather(red, imported(folder), n_random=0)
    review(gathering, truth(gathering, folder))
    encoded = watched(monkeypatch)
    training = train(gathering)
    assert training.dataset is not None and training.dataset.files.manifest.arrays["features"].encoder == "features"
    assert sum(len(batch) for batch in encoded) == len(training.kept["candidate"])
    assert training.table[3]["minority_gain"][0] > 0
