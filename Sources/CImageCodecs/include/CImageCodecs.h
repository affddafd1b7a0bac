// Images as libpng, libjpeg and libtiff read and write them, behind one structure. These libraries report errors by
// long jumps and take their arguments in variable lists, neither of which Swift can call. Samples keep the type and the
// numbers of the file: nothing is scaled, turned or converted, except that palettes become colours, and that samples of
// fewer than 8 bits are unpacked to a byte each. What the samples mean is decided in SextantImages.

#ifndef CIMAGECODECS_H
#define CIMAGECODECS_H

#include <stddef.h>
#include <stdint.h>

/// The meaning of samples, as TIFF numbers it.
enum {
  SXI_MIN_IS_WHITE = 0,
  SXI_MIN_IS_BLACK = 1,
  SXI_RGB = 2,
  SXI_PALETTE = 3,
  SXI_SEPARATED = 5,
  SXI_YCBCR = 6
};

/// The unit of a resolution, as TIFF numbers it; 4 is the metre, which only PNG has.
enum { SXI_NO_UNIT = 1, SXI_INCH = 2, SXI_CENTIMETRE = 3, SXI_METRE = 4 };

typedef struct {
  uint32_t rows, columns, bands;
  /// The bits of a sample in the file, and its format (1 unsigned, 2 signed, 3 floating-point).
  uint32_t bits, format;
  uint32_t photometric;
  /// The band with the opacity, or -1; 1 if the colours were multiplied by it.
  int32_t alpha, is_premultiplied;
  /// The colour that stands for transparency in a PNG, one number a band.
  int32_t has_key;
  uint16_t key[3];
  /// The frames of an animated PNG, of which only the first is read; 0 for any other image.
  uint32_t frames;
  /// 1 if the file had a palette.
  int32_t had_palette;
  /// The orientation tag; has_orientation is 0 where there is none.
  int32_t has_orientation;
  uint32_t orientation;
  int32_t has_resolution;
  double resolution_x, resolution_y;
  uint32_t resolution_unit;
  /// The number of TIFF's compression, 1 for none, and of its predictor.
  uint32_t compression, predictor;
  /// Whether it is a TIFF with 64-bit offsets, in big-endian order, in tiles, in a page for each band.
  int32_t is_big, is_big_endian, is_tiled, is_planar;
  /// The place of the first sample in the file where the image is stored uncompressed in one piece; -1 otherwise.
  int64_t first_offset;
  uint8_t *profile;
  size_t profile_length;
  /// The chunks of a PNG that are carried to another PNG as they stand in the file: its texts, what its numbers mean in light (gAMA,
  /// cHRM, sRGB), and how many of their bits the original had (sBIT).
  uint8_t *chunks;
  size_t chunks_length;
  /// The tags of a TIFF that are carried to another TIFF: its place on the Earth, GDAL's words on it, and its date.
  uint8_t *tags;
  size_t tags_length;
  char *description;
  char *no_data;
  /// rows · columns · bands samples, in the machine's byte order.
  uint8_t *pixels;
  size_t pixel_length;
  char error[400];
} sxi_image;

/// Frees what an image points to.
void sxi_free(sxi_image *image);

// Each returns 0, or -1 with a text in `error`.

/// Reads the header and, if `wants_pixels`, the samples.
int sxi_png_read(const uint8_t *bytes, size_t count, int wants_pixels, sxi_image *image);
int sxi_png_write(const char *path, sxi_image *image);
/// As for PNG.
int sxi_jpeg_read(const uint8_t *bytes, size_t count, int wants_pixels, sxi_image *image);

typedef struct sxi_tiff sxi_tiff;
/// An open TIFF file, or NULL with a text of at most 400 bytes in `error`. `mode` is libtiff's: "r", "w", "w8".
sxi_tiff *sxi_tiff_open(const char *path, const char *mode, char *error);
/// The number of pages; `error` gets a text of at most 400 bytes where their chain is broken, and is empty otherwise.
uint32_t sxi_tiff_count(sxi_tiff *file, char *error);
/// Whether a page is a copy of another in reduced size.
int sxi_tiff_is_reduced(sxi_tiff *file, uint32_t page);
/// Returns one of the two numbers below, too; the error is then the name of the type, or the number and the name of the compression.
int sxi_tiff_read(sxi_tiff *file, uint32_t page, int wants_pixels, sxi_image *image);
/// The samples have a type that is not read, or a compression that the installed libtiff does not have.
enum { SXI_OTHER_TYPE = -2, SXI_OTHER_COMPRESSION = -3 };
/// Adds a page.
int sxi_tiff_append(sxi_tiff *file, uint32_t page, uint32_t page_count, sxi_image *image);
/// Returns 0, or -1 if the last bytes could not be written.
int sxi_tiff_close(sxi_tiff *file);
/// Whether this libtiff can read and write a compression.
int sxi_tiff_has_compression(uint32_t compression);

#endif
