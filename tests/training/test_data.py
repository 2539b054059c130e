"""The data sets: what needs no download, and the sentences where a download is missing."""

import io
import lzma
from dataclasses import replace

import numpy as np
import pytest

from hwgen.errors import HwgenError
from hwgen.numeric import IntType
from training.data.cifar10 import cifar10
from training.data.dataset import Dataset, held_out, quantize, rounded
from training.data.digits import digit_images, digits
from training.data.files import data_folder, read_bytes


def test_digits_are_the_same_500_test_images_every_time():
    first, second = digits(), digits()
    assert first.test_x.shape == (500, 64)
    assert first.train_x.shape == (1297, 64)
    assert np.array_equal(first.test_x, second.test_x)
    assert np.array_equal(first.train_y, second.train_y)
    assert str(first.type) == "u4"
    assert first.test_x.max() == 15
    assert set(first.test_y) == set(range(10))


def test_real_values_are_scaled_codes():
    dataset = digits()
    real = dataset.real(dataset.test_x)
    assert float(real.max()) == 1.0


def test_dataset_checks_its_type():
    x, y = np.full((2, 3), 16), np.zeros(2, np.int64)
    with pytest.raises(ValueError, match="bad: inputs must be u4"):
        Dataset(
            name="bad",
            classes=2,
            type=IntType(bits=4, signed=False),
            scale=1.0,
            train_x=x,
            train_y=y,
            test_x=x,
            test_y=y,
        )


def test_quantize_rounds_half_up_and_clips():
    kind = IntType(bits=3, signed=True)
    x = np.array([-9.0, -0.25, -0.2, 0.25, 0.7, 9.0])
    assert quantize(x, kind, 0.5).tolist() == [-4, 0, 0, 1, 1, 3]


def test_missing_folder_is_one_sentence(tmp_path, monkeypatch):
    with pytest.raises(HwgenError, match="data: must be a folder with the data sets, not"):
        data_folder(tmp_path / "none")
    monkeypatch.setenv("HWGEN_DATA", str(tmp_path / "other"))
    with pytest.raises(HwgenError, match="HWGEN_DATA, or train the recipe digits"):
        data_folder(None)


def test_missing_and_damaged_files(tmp_path):
    with pytest.raises(HwgenError, match=r"x\.xz must be there, and is not"):
        read_bytes(tmp_path / "x.xz")
    (tmp_path / "x.xz").write_bytes(b"no xz")
    with pytest.raises(HwgenError, match=r"must be a whole \.xz file"):
        read_bytes(tmp_path / "x.xz")


def test_digit_images_are_the_same_pixels():
    rows, images = digits(), digit_images()
    assert images.shape == (1, 8, 8)
    assert images.features == rows.features == 64
    assert np.array_equal(images.test_x.reshape(500, 64), rows.test_x)


def test_cifar10_undoes_its_differences(tmp_path):
    rng = np.random.default_rng(0)
    parts = {"train_a": 3, "test1k": 2, "holdout": 2}
    (tmp_path / "cifar10").mkdir()
    pixels = {}
    for part, count in parts.items():
        x = rng.integers(0, 256, (count, 3, 32, 32)).astype(np.uint8)
        pixels[part] = x
        planes = np.stack([x[:, 0] - x[:, 1], x[:, 1], x[:, 2] - x[:, 1]])
        zero = np.uint8(0)
        rows = np.diff(planes, axis=2, prepend=zero)
        buffer = io.BytesIO()
        np.save(buffer, np.diff(rows, axis=3, prepend=zero))
        packed = lzma.compress(buffer.getvalue())
        (tmp_path / "cifar10" / f"{part}.npy.xz").write_bytes(packed)
    labels = {part: np.arange(count, dtype=np.uint8) for part, count in parts.items()}
    np.savez(tmp_path / "cifar10" / "labels.npz", **labels)
    dataset = cifar10(tmp_path)
    assert dataset.shape == (3, 32, 32)
    assert np.array_equal(dataset.train_x, pixels["train_a"])
    expected = np.concatenate([pixels["test1k"], pixels["holdout"]])
    assert np.array_equal(dataset.test_x, expected)
    assert dataset.test_y.tolist() == [0, 1, 0, 1]


def test_inputs_are_rounded_to_fewer_bits():
    eight = replace(digits(), type=IntType(bits=8, signed=False), scale=1 / 255)
    eight = replace(eight, train_x=eight.train_x * 17, test_x=np.array([[0, 42, 43, 255]]))
    assert rounded(eight, 8) is eight
    two = rounded(eight, 2)
    assert (str(two.type), two.scale) == ("u2", 1 / 3)
    assert two.test_x.tolist() == [[0, 0, 1, 3]]
    assert np.array_equal(rounded(eight, 4).train_x, digits().train_x)


def test_samples_held_out_are_neither_trained_nor_tested():
    whole = digits()
    part = held_out(whole, 300, seed=5)
    assert (len(part.train_x), len(part.test_x)) == (997, 300)
    both = np.concatenate([part.train_x, part.test_x]).tolist()
    assert sorted(both) == sorted(whole.train_x.tolist())
    assert sorted(np.concatenate([part.train_y, part.test_y])) == sorted(whole.train_y)
    same = held_out(whole, 300, seed=5)
    assert np.array_equal(part.test_x, same.test_x)
    assert not np.array_equal(part.test_x, held_out(whole, 300, seed=6).test_x)
