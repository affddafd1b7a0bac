#!/usr/bin/env python3
"""Small images of the kinds that break naive readers, with their numbers, as fixtures of SextantImagesTests.

    image_kinds.py FOLDER        writes the images, and kinds.json with the bands and the numbers of each (null where it must be refused)

Needs NumPy, Pillow, tifffile and imagecodecs, and nothing of Sextant. The numbers are those that went in, or for lossy files and
palettes those that Pillow reads.
"""

import json
import os
import struct
import sys
import zlib

import imagecodecs
import numpy as np
import tifffile
from PIL import Image

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
random = np.random.default_rng(5)
kinds = {}

def keep(name, values):
    values = None if values is None else np.asarray(values)
    kinds[name] = None if values is None else {
        "bands": values.shape[2] if values.ndim == 3 else 1, "numbers": [float(x) for x in values.ravel()]}

def path(name):
    return os.path.join(folder, name)

grey = random.integers(0, 256, (5, 7)).astype(np.uint8)
colour = random.integers(0, 256, (5, 7, 3)).astype(np.uint8)
fine = random.integers(0, 65536, (5, 7, 3)).astype(np.uint16)
single = random.normal(size=(5, 7)).astype(np.float32)

with open(path("rgb16.png"), "wb") as file:
    file.write(imagecodecs.png_encode(fine))

os.replace(path("rgb16.png"), path("rgb16.tif"))  # a PNG by its contents
keep("rgb16.tif", fine)
tifffile.imwrite(path("planar.tif"), fine.transpose(2, 0, 1), photometric="rgb", planarconfig="separate")
keep("planar.tif", fine)
big = np.tile(grey, (4, 3))[:17, :18]
tifffile.imwrite(path("tiled.tif"), big, tile=(16, 16), compression="lzw", predictor=2)
keep("tiled.tif", big)
tifffile.imwrite(path("big.tif"), grey.astype(np.int16) - 100, bigtiff=True, byteorder=">")
keep("big.tif", grey.astype(np.int16) - 100)
tifffile.imwrite(path("predictor3.tif"), single, compression="deflate", predictor=3)
keep("predictor3.tif", single)
tifffile.imwrite(path("zstd.tif"), grey.astype(np.uint32) * 10**7, compression="zstd", predictor=2)
keep("zstd.tif", grey.astype(np.uint32) * 10**7)
tifffile.imwrite(path("half.tif"), single.astype(np.float16), compression="packbits")
keep("half.tif", single.astype(np.float16))
tifffile.imwrite(path("bits.tif"), grey > 100)
keep("bits.tif", grey > 100)
Image.fromarray(colour).resize((16, 16)).save(path("jpeg.tif"), compression="jpeg")
keep("jpeg.tif", np.asarray(Image.open(path("jpeg.tif"))))
palette = Image.fromarray(colour).quantize(5)
palette.save(path("palette.png"), transparency=2)
keep("palette.png", np.asarray(Image.open(path("palette.png")).convert("RGBA")))
palette.save(path("palette.tif"))
keep("palette.tif", np.asarray(palette.convert("RGB")))
Image.fromarray(grey > 100).save(path("bits.png"))
keep("bits.png", grey > 100)
Image.fromarray(colour).resize((16, 16)).save(path("colour.jpg"), quality=90)
keep("colour.jpg", np.asarray(Image.open(path("colour.jpg"))))
Image.fromarray(colour).convert("CMYK").save(path("ink.jpg"))
keep("ink.jpg", None)
whole = open(path("colour.jpg"), "rb").read()
with open(path("cut.jpg"), "wb") as file:
    file.write(whole[: len(whole) * 3 // 4])
keep("cut.jpg", None)
whole = open(path("planar.tif"), "rb").read()
with open(path("cut.tif"), "wb") as file:
    file.write(whole[:-40])
keep("cut.tif", None)
exif = Image.Exif()
exif[0x112] = 6
Image.fromarray(grey).save(path("turned.jpg"), exif=exif)
keep("turned.jpg", np.asarray(Image.open(path("turned.jpg"))))

# Interlaced by Adam7, which Pillow reads and does not write.
def interlaced(values):
    rows, columns = values.shape
    data = b""
    for y, x, dy, dx in [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]:
        part = values[y::dy, x::dx]
        if part.size:
            data += b"".join(b"\0" + row.tobytes() for row in part)
    def chunk(name, content):
        body = name + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))
    head = struct.pack(">IIBBBBB", columns, rows, 8, 0, 0, 0, 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")

large = np.tile(grey, (3, 2))[:11, :13]
with open(path("interlaced.png"), "wb") as file:
    file.write(interlaced(large))
assert (np.asarray(Image.open(path("interlaced.png"))) == large).all()
keep("interlaced.png", large)
# The transparency of a PNG by its grey, and the orientations 6 and 0 (which has no meaning).
Image.fromarray(grey).save(path("key.png"), transparency=int(grey[2, 3]))
keep("key.png", grey)
for orientation in [0, 6]:
    name = f"orientation{orientation}.tif"
    tifffile.imwrite(path(name), grey, extratags=[(274, "H", 1, orientation, True)])
    keep(name, grey)

with open(path("kinds.json"), "w") as file:
    json.dump(kinds, file, separators=(",", ":"), sort_keys=True)
    file.write("\n")
