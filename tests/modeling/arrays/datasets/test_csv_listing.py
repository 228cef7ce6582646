from pathlib import Path

import pytest

from clarify_errors.arrays.datasets.dataset_files import Split
from clarify_errors.arrays.datasets.importing.import_errors import BadSource, OutsideRoot
from clarify_errors.arrays.datasets.importing.sources import read_source
from tests.modeling.arrays.datasets.folders import write_image


def listing(root: Path, text: str, name: str = "metadata.csv") -> Path:
    root.mkdir(exist_ok=True)
    (root / name).write_text(text, "utf-8")
    return root / name


def test_columns_give_split_class_and_attribute(tmp_path: Path) -> None:
    listing(tmp_path, 'filename,split,class,attribute\n"a, b.png",val,dog,photo\nc.png,test,cat,cartoon\n')
    source = read_source("csv", tmp_path)
    assert (source.class_names, source.attribute_names) == (("cat", "dog"), ("cartoon", "photo"))
    second, first = source.images  # in row order: by label
    assert (first.filename, first.split, first.label, first.attribute) == ("a, b.png", Split.VALIDATION, 1, 1)
    assert (second.filename, second.split, second.label, second.attribute) == ("c.png", Split.TEST, 0, 0)


def test_a_listing_without_attributes_has_no_groups(tmp_path: Path) -> None:
    listing(tmp_path, "filename,split,class\na.png,train,dog\n")
    source = read_source("csv", tmp_path)
    assert source.attribute_names == ()
    assert next(iter(source.images)).attribute is None


def test_a_csv_file_may_have_any_name(tmp_path: Path) -> None:
    write_image(tmp_path / "a.png", 0)
    file = listing(tmp_path, "\ufefffilename,split,class\na.png,train,dog\n\n", "mine.csv")
    source = read_source("csv", file)
    assert source.root == tmp_path
    assert source.root / next(iter(source.images)).filename == tmp_path / "a.png"


def test_names_given_decide_the_order(tmp_path: Path) -> None:
    listing(tmp_path, "filename,split,class,attribute\na.png,train,dog,photo\n")
    source = read_source("csv", tmp_path, ["dog", "cat"], ["cartoon", "photo"])
    (image,) = source.images
    assert (image.label, image.attribute) == (0, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("filename,split,class\na.png,train,dog\nb.png,dev,dog\n", "line 3: split is 'dev', not one of train"),
        ("filename,split,class\na.png,train\n", "line 2: it has 2 cells, but the header has 3"),
        ("filename,split,class\na.png,train,\n", "line 2: the class is empty"),
        ("filename,split,class,attribute\na.png,train,dog,\n", "line 2: the attribute is empty"),
        ("filename,split,class\n,train,dog\n", "line 2: the file name is empty"),
        ("filename,split,class\na.png,train,dog\na.png,test,dog\n", "line 3: a.png is already listed in line 2"),
        ("filename,class\na.png,dog\n", "line 1: the header lacks split; it has filename, class"),
        ("", "line 1: the header lacks filename, split, class; its first line is empty"),
        ("filename,split,class\n", "it lists no images"),
        ('filename,split,class\n"a.png,train,dog\n', "it is not a CSV file"),
    ],
)
def test_a_line_that_makes_no_sense_is_named(tmp_path: Path, text: str, message: str) -> None:
    listing(tmp_path, text)
    with pytest.raises(BadSource) as raised:
        read_source("csv", tmp_path)
    assert message in str(raised.value)


def test_a_table_of_another_layout_is_refused_with_the_choice_that_fits(tmp_path: Path) -> None:
    fits = "These are the columns of another layout: choose “{}” (--format {})"
    listing(tmp_path, "img_id,img_filename,y,split,place\n0,a.png,0,2,1\n")
    with pytest.raises(BadSource) as raised:
        read_source("csv", tmp_path)
    assert "the header lacks filename, class; it has img_id, img_filename, y, split, place. " in str(raised.value)
    assert str(raised.value).endswith(fits.format("Images with a table as Waterbirds has it", "waterbirds"))
    listing(tmp_path, "filename,split,class\na.png,train,dog\n")
    with pytest.raises(BadSource) as raised:
        read_source("waterbirds", tmp_path)
    assert str(raised.value).endswith(fits.format("Images with a table", "csv"))


def test_a_long_header_of_no_layout_is_cut_and_leads_nowhere(tmp_path: Path) -> None:
    listing(tmp_path, ",".join(f"column {number}" for number in range(100)) + "\n\0\n")
    with pytest.raises(BadSource) as raised:
        read_source("csv", tmp_path)
    assert str(raised.value).endswith(" …") and len(str(raised.value)) < 500


def test_a_class_that_is_not_among_the_names_given_is_refused(tmp_path: Path) -> None:
    listing(tmp_path, "filename,split,class\na.png,train,dgo\n")
    with pytest.raises(BadSource, match=r"metadata.csv, line 2: class is 'dgo', not one of dog, cat"):
        read_source("csv", tmp_path, ["dog", "cat"])


def test_attribute_names_without_a_column_are_refused(tmp_path: Path) -> None:
    listing(tmp_path, "filename,split,class\na.png,train,dog\n")
    with pytest.raises(BadSource, match="there is no column attribute"):
        read_source("csv", tmp_path, attribute_names=["photo", "cartoon"])


def test_names_given_twice_are_refused(tmp_path: Path) -> None:
    listing(tmp_path, "filename,split,class\na.png,train,dog\n")
    with pytest.raises(BadSource, match="must be different"):
        read_source("csv", tmp_path, ["dog", "dog"])


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "metadata.csv").write_bytes(b"filename,split,class\n\xff.png,train,dog\n")
    with pytest.raises(BadSource, match="it is not UTF-8"):
        read_source("csv", tmp_path)


def test_a_folder_without_a_listing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match=r"metadata.csv: it cannot be read: No such file"):
        read_source("csv", tmp_path)


@pytest.mark.parametrize("filename", ["../secret.png", "images/../../secret.png", "/etc/passwd", "link/secret.png"])
def test_a_path_out_of_the_folder_is_refused(tmp_path: Path, filename: str) -> None:
    root = tmp_path / "root"
    write_image(tmp_path / "secret.png", 0)
    listing(root, f"filename,split,class\n{filename},train,dog\n")
    (root / "link").symlink_to(tmp_path)
    with pytest.raises(OutsideRoot, match=r"line 2: .* leads out of"):
        read_source("csv", root)


def test_a_link_that_stays_in_the_folder_is_followed(tmp_path: Path) -> None:
    write_image(tmp_path / "images" / "a.png", 0)
    (tmp_path / "link").symlink_to("images")
    listing(tmp_path, "filename,split,class\nlink/a.png,train,dog\n")
    (image,) = read_source("csv", tmp_path).images
    assert (tmp_path / image.filename).is_file()


@pytest.mark.parametrize("text", ["a\0", "a" + "\u0301\u0334" * 60_000])
def test_a_cell_that_is_no_safe_text_is_refused_by_its_line(tmp_path: Path, text: str) -> None:
    listing(tmp_path, f"filename,split,class\na.png,train,dog\nb.png,train,{text}\n")
    with pytest.raises(BadSource, match=r"line 3.*30 combining marks|line contains NUL"):
        list(read_source("csv", tmp_path).images)
