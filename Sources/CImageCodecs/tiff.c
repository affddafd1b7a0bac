// TIFF by libtiff: strips and tiles, one plane or several, any compression and predictor that libtiff knows, BigTIFF.
// Palettes become colours, and YCbCr in JPEG too; samples of fewer than 8 bits are unpacked to a byte each.

#include "CImageCodecs.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>

#define GDAL_NODATA 42113

/// The tags that are carried to another TIFF as they are: where the pixels lie on the Earth (GeoTIFF), what GDAL says of them, and when the
/// image was made. libtiff knows the last alone.
static const struct {
  uint16_t tag;
  TIFFDataType type;
  uint32_t size;
} carried_tags[] = {
    {33550, TIFF_DOUBLE, 8}, {33922, TIFF_DOUBLE, 8}, {34264, TIFF_DOUBLE, 8}, {34735, TIFF_SHORT, 2},
    {34736, TIFF_DOUBLE, 8}, {34737, TIFF_ASCII, 1},  {42112, TIFF_ASCII, 1},  {TIFFTAG_DATETIME, TIFF_ASCII, 1}};
enum { carried_count = sizeof carried_tags / sizeof *carried_tags };

struct sxi_tiff {
  TIFF *tiff;
  /// Where the directories of a stack are that are written before its samples; NULL for any other file.
  uint64_t *directories;
  char error[400];
};

static int report(TIFF *tiff, void *place, const char *module, const char *format, va_list arguments) {
  (void)tiff, (void)module;
  char *text = place;
  // The first error is the cause.
  if (!text[0]) vsnprintf(text, 400, format, arguments);
  return 1;
}

static int ignore(TIFF *tiff, void *place, const char *module, const char *format, va_list arguments) {
  (void)tiff, (void)place, (void)module, (void)format, (void)arguments;
  return 1;
}

sxi_tiff *sxi_tiff_open(const char *path, const char *mode, char *error) {
  error[0] = 0;
  sxi_tiff *file = calloc(1, sizeof *file);
  TIFFOpenOptions *options = file ? TIFFOpenOptionsAlloc() : NULL;
  if (options) {
    TIFFOpenOptionsSetErrorHandlerExtR(options, report, file->error);
    TIFFOpenOptionsSetWarningHandlerExtR(options, ignore, NULL);
    file->tiff = TIFFOpenExt(path, mode, options);
    TIFFOpenOptionsFree(options);
  }
  if (file && file->tiff) return file;
  snprintf(error, 400, "%s", file && file->error[0] ? file->error : "there is not enough memory");
  free(file);
  return NULL;
}

uint32_t sxi_tiff_count(sxi_tiff *file, char *error) {
  // libtiff counts as far as it comes, and says in an error alone that the chain ends in nothing.
  file->error[0] = 0;
  uint32_t count = TIFFNumberOfDirectories(file->tiff);
  snprintf(error, 400, "%s", file->error);
  file->error[0] = 0;
  return count;
}

int sxi_tiff_is_reduced(sxi_tiff *file, uint32_t page) {
  uint32_t kind = 0;
  // libtiff turns the older tag of the same meaning into this one.
  return TIFFSetDirectory(file->tiff, page) && TIFFGetField(file->tiff, TIFFTAG_SUBFILETYPE, &kind) && kind & FILETYPE_REDUCEDIMAGE;
}

int sxi_tiff_has_compression(uint32_t compression) { return TIFFIsCODECConfigured((uint16_t)compression); }

int sxi_tiff_close(sxi_tiff *file) {
  file->error[0] = 0;
  TIFFFlush(file->tiff);
  TIFFClose(file->tiff);
  int failed = file->error[0] != 0;
  free(file->directories);
  free(file);
  return failed ? -1 : 0;
}

static int refuse(sxi_tiff *file, sxi_image *image, const char *reason) {
  snprintf(image->error, sizeof image->error, "%s", file->error[0] ? file->error : reason);
  sxi_free(image);
  return -1;
}

static char *copy(const char *text, size_t length) {
  char *result = malloc(length + 1);
  if (result) memcpy(result, text, length), result[length] = 0;
  return result;
}

/// Copies `count` samples of `bits` bits, which start at a byte of `from`, to every `step`-th sample of `to`.
static void scatter(const uint8_t *from, uint8_t *to, size_t count, uint32_t bits, size_t step) {
  if (bits < 8) {
    for (size_t i = 0; i < count; i++) {
      size_t bit = i * bits;
      to[i * step] = (uint8_t)(from[bit / 8] >> (8 - bits - bit % 8)) & (uint8_t)((1 << bits) - 1);
    }
  } else if (step == 1) {
    memcpy(to, from, count * (bits / 8));
  } else {
    size_t size = bits / 8;
    for (size_t i = 0; i < count; i++) memcpy(to + i * step * size, from + i * size, size);
  }
}

/// Reads the samples of the current page, interleaved, with the palette's indices as they are.
static int read_samples(sxi_tiff *file, sxi_image *image) {
  TIFF *tiff = file->tiff;
  size_t size = image->bits < 8 ? 1 : image->bits / 8, bands = image->bands;
  uint32_t width = image->columns, height = image->rows;
  if (image->is_tiled) TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &width), TIFFGetField(tiff, TIFFTAG_TILELENGTH, &height);
  else TIFFGetFieldDefaulted(tiff, TIFFTAG_ROWSPERSTRIP, &height);
  if (height > image->rows && !image->is_tiled) height = image->rows;
  if (!width || !height) return refuse(file, image, "its tiles have no size");
  size_t together = image->is_planar ? 1 : bands;
  size_t stride = ((size_t)width * together * image->bits + 7) / 8;
  tmsize_t length = image->is_tiled ? TIFFTileSize(tiff) : TIFFStripSize(tiff);
  if (length <= 0 || (size_t)length < stride * height) return refuse(file, image, "its tiles have no size");
  uint8_t *block = malloc((size_t)length);
  image->pixel_length = (size_t)image->rows * image->columns * bands * size;
  image->pixels = malloc(image->pixel_length ? image->pixel_length : 1);
  if (!block || !image->pixels) return free(block), refuse(file, image, "there is not enough memory");
  uint32_t across = (image->columns + width - 1) / width, down = (image->rows + height - 1) / height;
  uint32_t index = 0;
  for (size_t plane = 0; plane < (image->is_planar ? bands : 1); plane++)
    for (uint32_t y = 0; y < down; y++)
      for (uint32_t x = 0; x < across; x++, index++) {
        uint32_t height_here = image->rows - y * height < height ? image->rows - y * height : height;
        uint32_t width_here = image->columns - x * width < width ? image->columns - x * width : width;
        tmsize_t got = image->is_tiled ? TIFFReadEncodedTile(tiff, index, block, length)
                                       : TIFFReadEncodedStrip(tiff, index, block, length);
        if (got < 0 || (size_t)got < stride * height_here) return free(block), refuse(file, image, "the file is cut off");
        for (uint32_t row = 0; row < height_here; row++) {
          size_t first = (((size_t)y * height + row) * image->columns + (size_t)x * width) * bands + plane;
          scatter(
              block + row * stride, image->pixels + first * size, (size_t)width_here * together, image->bits,
              image->is_planar ? bands : 1);
        }
      }
  free(block);
  return 0;
}

/// Replaces indices by colours: of 8 bits if the palette has no finer ones, and of 16 otherwise.
static int apply_palette(sxi_tiff *file, sxi_image *image, int wants_pixels) {
  uint16_t *map[3];
  if (image->bands != 1 || image->format != 1 || image->bits > 16
      || !TIFFGetField(file->tiff, TIFFTAG_COLORMAP, &map[0], &map[1], &map[2]))
    return refuse(file, image, "its palette is not one of three colours");
  size_t colours = (size_t)1 << image->bits;
  // Programs store 8 bits times 256, or times 257.
  int is_fine[2] = {0, 0};
  for (int band = 0; band < 3; band++)
    for (size_t i = 0; i < colours; i++)
      for (int form = 0; form < 2; form++) is_fine[form] |= map[band][i] % (256 + form) != 0;
  uint16_t divisor = !is_fine[1] ? 257 : !is_fine[0] ? 256 : 1;
  size_t size = divisor == 1 ? 2 : 1, count = (size_t)image->rows * image->columns;
  if (wants_pixels) {
    uint8_t *pixels = malloc(3 * count * size);
    if (!pixels) return refuse(file, image, "there is not enough memory");
    for (size_t i = 0; i < 3 * count; i++) {
      size_t colour = image->bits <= 8 ? image->pixels[i / 3] : ((uint16_t *)(void *)image->pixels)[i / 3];
      uint16_t value = map[i % 3][colour];
      if (divisor == 1) memcpy(pixels + 2 * i, &value, 2);
      else pixels[i] = (uint8_t)(value / divisor);
    }
    free(image->pixels);
    image->pixels = pixels;
    image->pixel_length = 3 * count * size;
  }
  image->bits = divisor == 1 ? 16 : 8, image->bands = 3, image->photometric = SXI_RGB, image->had_palette = 1;
  return 0;
}

/// The values of a tag that is carried, and their number; NULL where there is none of its type.
static const void *carried_values(TIFF *tiff, int index, uint32_t *count) {
  uint16_t tag = carried_tags[index].tag;
  const TIFFField *field = TIFFFindField(tiff, tag, TIFF_ANY);
  const void *values = NULL;
  if (!field || TIFFFieldDataType(field) != carried_tags[index].type) return NULL;
  if (!TIFFFieldPassCount(field)) {
    if (carried_tags[index].type != TIFF_ASCII || !TIFFGetField(tiff, tag, &values) || !values) return NULL;
    *count = (uint32_t)strlen(values) + 1;
    return values;
  }
  // libtiff gives the length of a tag that it does not know in 32 bits.
  if (TIFFFieldReadCount(field) != TIFF_VARIABLE2 || !TIFFGetField(tiff, tag, count, &values)) return NULL;
  return *count ? values : NULL;
}

/// Keeps the tags that are carried: for each its place in the list, the number of its values, and these. They are counted first and
/// copied then.
static void keep_tags(TIFF *tiff, sxi_image *image) {
  for (int is_copy = 0; is_copy < 2; is_copy++) {
    size_t total = 0;
    for (uint32_t i = 0; i < carried_count; i++) {
      uint32_t count;
      const void *values = carried_values(tiff, (int)i, &count);
      if (!values) continue;
      size_t length = (size_t)count * carried_tags[i].size;
      if (is_copy) {
        memcpy(image->tags + total, &i, 4);
        memcpy(image->tags + total + 4, &count, 4);
        memcpy(image->tags + total + 8, values, length);
      }
      total += 8 + length;
    }
    if (!is_copy && (!total || !(image->tags = malloc(total)))) return;
    image->tags_length = total;
  }
}

/// Sets the tags that were kept.
static void put_tags(TIFF *tiff, const sxi_image *image) {
  for (size_t at = 0; at + 8 <= image->tags_length;) {
    uint32_t i, count;
    memcpy(&i, image->tags + at, 4);
    memcpy(&count, image->tags + at + 4, 4);
    if (i >= carried_count) return;
    size_t length = (size_t)count * carried_tags[i].size;
    uint8_t *values = length <= image->tags_length - at - 8 ? calloc(length + 1, 1) : NULL;
    if (!values) return;
    // A copy, because the place in between is not one for doubles, and a text ends with a zero.
    memcpy(values, image->tags + at + 8, length);
    if (carried_tags[i].type == TIFF_ASCII) TIFFSetField(tiff, carried_tags[i].tag, values);
    else TIFFSetField(tiff, carried_tags[i].tag, count, values);
    free(values);
    at += 8 + length;
  }
}

static void read_tags(sxi_tiff *file, sxi_image *image) {
  TIFF *tiff = file->tiff;
  uint16_t value, count;
  if (TIFFGetField(tiff, TIFFTAG_ORIENTATION, &value)) image->has_orientation = 1, image->orientation = value;
  float x, y;
  if (TIFFGetField(tiff, TIFFTAG_XRESOLUTION, &x) && TIFFGetField(tiff, TIFFTAG_YRESOLUTION, &y)) {
    image->has_resolution = 1;
    image->resolution_x = x, image->resolution_y = y;
    TIFFGetFieldDefaulted(tiff, TIFFTAG_RESOLUTIONUNIT, &value);
    image->resolution_unit = value;
  }
  uint32_t length;
  void *data;
  char *text;
  if (TIFFGetField(tiff, TIFFTAG_ICCPROFILE, &length, &data) && (image->profile = malloc(length))) {
    memcpy(image->profile, data, length);
    image->profile_length = length;
  }
  if (TIFFGetField(tiff, TIFFTAG_IMAGEDESCRIPTION, &text)) image->description = copy(text, strlen(text));
  // libtiff does not know the tag, and gives its length first.
  if (TIFFGetField(tiff, GDAL_NODATA, &length, &text) && length) image->no_data = copy(text, strnlen(text, length));
  keep_tags(tiff, image);
  uint16_t *extra;
  if (TIFFGetField(tiff, TIFFTAG_EXTRASAMPLES, &count, &extra))
    for (uint16_t i = 0; i < count && image->alpha < 0; i++)
      if (extra[i] == EXTRASAMPLE_ASSOCALPHA || extra[i] == EXTRASAMPLE_UNASSALPHA) {
        image->alpha = (int32_t)image->bands - count + i;
        image->is_premultiplied = extra[i] == EXTRASAMPLE_ASSOCALPHA;
      }
}

int sxi_tiff_read(sxi_tiff *file, uint32_t page, int wants_pixels, sxi_image *image) {
  memset(image, 0, sizeof *image);
  image->alpha = -1, image->first_offset = -1;
  file->error[0] = 0;
  TIFF *tiff = file->tiff;
  if (!TIFFSetDirectory(tiff, page)) return refuse(file, image, "the page is not there");
  uint16_t bands, bits, format, photometric, compression, planar, predictor = 1;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &bands);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &bits);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &format);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &compression);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &planar);
  if (!TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &photometric)) photometric = bands < 3 ? SXI_MIN_IS_BLACK : SXI_RGB;
  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &image->columns);
  TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &image->rows);
  if (!TIFFIsCODECConfigured(compression)) {
    static const struct { uint16_t number; const char *name; } names[] = {
        {COMPRESSION_WEBP, "WebP"}, {COMPRESSION_ZSTD, "ZSTD"}, {COMPRESSION_LZMA, "LZMA"}, {COMPRESSION_LERC, "LERC"},
        {COMPRESSION_JXL, "JPEG XL"}, {COMPRESSION_JP2000, "JPEG 2000"}, {33003, "JPEG 2000"}, {33005, "JPEG 2000"}};
    const char *name = NULL;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
      if (names[i].number == compression) name = names[i].name;
    snprintf(image->error, sizeof image->error, "%u%s%s%s", compression, name ? " (" : "", name ? name : "", name ? ")" : "");
    return SXI_OTHER_COMPRESSION;
  }
  if (compression == COMPRESSION_JPEG && photometric == SXI_YCBCR) {
    TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    photometric = SXI_RGB;
  }
  TIFFGetField(tiff, TIFFTAG_PREDICTOR, &predictor);
  image->bands = bands, image->bits = bits, image->photometric = photometric;
  image->format = format == SAMPLEFORMAT_INT ? 2 : format == SAMPLEFORMAT_IEEEFP ? 3 : format <= SAMPLEFORMAT_VOID ? 1 : 0;
  image->compression = compression, image->predictor = predictor;
  image->is_tiled = TIFFIsTiled(tiff) != 0, image->is_planar = planar == PLANARCONFIG_SEPARATE && bands > 1;
  image->is_big_endian = TIFFIsBigEndian(tiff), image->is_big = TIFFIsBigTIFF(tiff);
  int is_known = image->format == 3 ? bits == 16 || bits == 32 || bits == 64
      : image->format == 2          ? bits == 8 || bits == 16 || bits == 32
      : image->format == 1          ? bits == 1 || bits == 2 || bits == 4 || bits == 8 || bits == 16 || bits == 32
                                    : 0;
  if (!is_known) {
    const char *kind = format == SAMPLEFORMAT_INT ? "signed whole numbers"
        : format == SAMPLEFORMAT_IEEEFP           ? "floating-point numbers"
        : format <= SAMPLEFORMAT_VOID             ? "unsigned whole numbers"
                                                  : "complex numbers";
    snprintf(image->error, sizeof image->error, "%s of %u bits", kind, bits);
    return SXI_OTHER_TYPE;
  }
  if (!image->rows || !image->columns || !bands) return refuse(file, image, "it has no pixels");
  if ((uint64_t)image->rows * image->columns > INT32_MAX) return refuse(file, image, "it has more than 2147483647 pixels");
  read_tags(file, image);
  uint64_t *offsets, *lengths;
  if (compression == COMPRESSION_NONE && !image->is_tiled && bits >= 8 && TIFFGetField(tiff, TIFFTAG_STRIPOFFSETS, &offsets)
      && offsets && TIFFGetField(tiff, TIFFTAG_STRIPBYTECOUNTS, &lengths) && lengths) {
    int is_whole = 1;
    for (uint32_t i = 1; i < TIFFNumberOfStrips(tiff); i++) is_whole &= offsets[i] == offsets[i - 1] + lengths[i - 1];
    // Where the directories stand first, a file that is cut off has all of them.
    uint64_t size = TIFFGetSizeProc(tiff)(TIFFClientdata(tiff)), length = (uint64_t)image->rows * image->columns * bands * (bits / 8);
    if (is_whole && (offsets[0] > size || length > size - offsets[0])) return refuse(file, image, "the file is cut off");
    if (is_whole && !image->is_planar) image->first_offset = (int64_t)offsets[0];
  }
  if (wants_pixels && read_samples(file, image)) return -1;
  return photometric == SXI_PALETTE ? apply_palette(file, image, wants_pixels) : 0;
}

/// The rows of a strip, which has about a quarter of a mebibyte.
static uint32_t strip_rows(const sxi_image *image, size_t stride) {
  uint32_t rows = stride ? (uint32_t)((1 << 18) / stride) : 1;
  return rows < 1 ? 1 : rows > image->rows ? image->rows : rows;
}

/// The planes that a page has strips for, and the bytes of a row of one of them.
static size_t plane_count(const sxi_image *image) { return image->is_planar && image->bands > 1 ? image->bands : 1; }
static size_t row_bytes(const sxi_image *image) {
  return ((size_t)image->columns * (image->bands / plane_count(image)) * image->bits + 7) / 8;
}

/// Sets the tags of the current directory.
static void set_tags(TIFF *tiff, uint32_t page, uint32_t page_count, const sxi_image *image) {
  static const TIFFFieldInfo fields[] = {
      {GDAL_NODATA, -1, -1, TIFF_ASCII, FIELD_CUSTOM, 1, 0, "GDAL_NODATA"},
      {42112, -1, -1, TIFF_ASCII, FIELD_CUSTOM, 1, 0, "GDAL_METADATA"},
      {33550, TIFF_VARIABLE2, TIFF_VARIABLE2, TIFF_DOUBLE, FIELD_CUSTOM, 1, 1, "ModelPixelScale"},
      {33922, TIFF_VARIABLE2, TIFF_VARIABLE2, TIFF_DOUBLE, FIELD_CUSTOM, 1, 1, "ModelTiepoint"},
      {34264, TIFF_VARIABLE2, TIFF_VARIABLE2, TIFF_DOUBLE, FIELD_CUSTOM, 1, 1, "ModelTransformation"},
      {34735, TIFF_VARIABLE2, TIFF_VARIABLE2, TIFF_SHORT, FIELD_CUSTOM, 1, 1, "GeoKeyDirectory"},
      {34736, TIFF_VARIABLE2, TIFF_VARIABLE2, TIFF_DOUBLE, FIELD_CUSTOM, 1, 1, "GeoDoubleParams"},
      {34737, -1, -1, TIFF_ASCII, FIELD_CUSTOM, 1, 0, "GeoAsciiParams"}};
  TIFFMergeFieldInfo(tiff, fields, sizeof fields / sizeof *fields);
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, image->columns);
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, image->rows);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, image->bands);
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, image->bits);
  TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, image->format);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, image->photometric);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, plane_count(image) > 1 ? PLANARCONFIG_SEPARATE : PLANARCONFIG_CONTIG);
  TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, strip_rows(image, row_bytes(image)));
  TIFFSetField(tiff, TIFFTAG_COMPRESSION, image->compression);
  if (image->predictor > 1) TIFFSetField(tiff, TIFFTAG_PREDICTOR, image->predictor);
  uint32_t colours = image->photometric == SXI_RGB ? 3 : image->photometric == SXI_SEPARATED ? 4 : 1;
  if (image->bands > colours) {
    uint16_t extra[65536];
    for (uint32_t i = colours; i < image->bands; i++)
      extra[i - colours] = (int32_t)i != image->alpha ? EXTRASAMPLE_UNSPECIFIED
          : image->is_premultiplied                   ? EXTRASAMPLE_ASSOCALPHA
                                                      : EXTRASAMPLE_UNASSALPHA;
    TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, (int)(image->bands - colours), extra);
  }
  if (image->has_orientation) TIFFSetField(tiff, TIFFTAG_ORIENTATION, image->orientation);
  if (image->has_resolution) {
    double factor = image->resolution_unit == SXI_METRE ? 0.01 : 1;
    TIFFSetField(tiff, TIFFTAG_XRESOLUTION, factor * image->resolution_x);
    TIFFSetField(tiff, TIFFTAG_YRESOLUTION, factor * image->resolution_y);
    TIFFSetField(tiff, TIFFTAG_RESOLUTIONUNIT, image->resolution_unit == SXI_METRE ? SXI_CENTIMETRE : image->resolution_unit);
  }
  if (image->profile_length) TIFFSetField(tiff, TIFFTAG_ICCPROFILE, (uint32_t)image->profile_length, image->profile);
  if (image->description) TIFFSetField(tiff, TIFFTAG_IMAGEDESCRIPTION, image->description);
  if (image->no_data) TIFFSetField(tiff, GDAL_NODATA, image->no_data);
  put_tags(tiff, image);
  if (page_count > 1) {
    TIFFSetField(tiff, TIFFTAG_SUBFILETYPE, FILETYPE_PAGE);
    TIFFSetField(tiff, TIFFTAG_PAGENUMBER, page, page_count > 65535 ? 0 : page_count);
  }
}

static int fail(sxi_tiff *file, sxi_image *image) {
  snprintf(image->error, sizeof image->error, "%s", file->error[0] ? file->error : "the disk may be full");
  return -1;
}

/// Writes the directories of all pages, and room for the places of their strips. libtiff adds whatever comes next at the end of the
/// file, so that the samples of the pages then follow each other without a gap.
static int begin_stack(sxi_tiff *file, uint32_t page_count, sxi_image *image) {
  TIFF *tiff = file->tiff;
  char *description = image->description;
  file->directories = calloc(page_count, sizeof *file->directories);
  int is_written = file->directories != NULL;
  for (uint32_t page = 0; page < page_count && is_written; page++) {
    // The description is that of the file, and stands in its first page.
    image->description = page ? NULL : description;
    set_tags(tiff, page, page_count, image);
    is_written = TIFFDeferStrileArrayWriting(tiff) && TIFFWriteCheck(tiff, 0, "begin_stack") && TIFFWriteDirectory(tiff);
  }
  image->description = description;
  for (uint32_t page = 0; page < page_count && is_written; page++) {
    is_written = (page ? TIFFReadDirectory(tiff) : TIFFSetDirectory(tiff, 0)) && TIFFForceStrileArrayWriting(tiff);
    file->directories[page] = TIFFCurrentDirOffset(tiff);
  }
  return is_written ? 0 : fail(file, image);
}

int sxi_tiff_append(sxi_tiff *file, uint32_t page, uint32_t page_count, sxi_image *image) {
  file->error[0] = 0;
  TIFF *tiff = file->tiff;
  // ImageJ, and tifffile at times, find the pages of a stack that is not compressed behind the first one, whatever the directories say.
  int is_stack = page_count > 1 && image->compression == COMPRESSION_NONE;
  if (is_stack && page == 0 && begin_stack(file, page_count, image)) return -1;
  if (!is_stack) set_tags(tiff, page, page_count, image);
  else if (!TIFFSetSubDirectory(tiff, file->directories[page])) return fail(file, image);
  // Of a file in planes, each plane has strips of its own.
  size_t planes = plane_count(image), together = image->bands / planes, stride = row_bytes(image);
  uint32_t rows = strip_rows(image, stride);
  size_t size = image->bits < 8 ? 1 : image->bits / 8, width = (size_t)image->columns * together;
  uint8_t *block = malloc(stride * rows + 1);
  if (!block) return refuse(file, image, "there is not enough memory");
  uint32_t strips = (image->rows + rows - 1) / rows;
  for (uint32_t strip = 0; strip < planes * strips; strip++) {
    uint32_t plane = strip / strips, first = strip % strips * rows;
    uint32_t here = image->rows - first < rows ? image->rows - first : rows;
    const uint8_t *from = image->pixels + (first * width * planes + plane) * size;
    if (image->bits >= 8 && planes == 1) {
      memcpy(block, from, here * stride);
    } else if (image->bits >= 8) {
      for (size_t i = 0; i < here * width; i++) memcpy(block + i * size, from + i * planes * size, size);
    } else {
      memset(block, 0, here * stride);
      for (uint32_t row = 0; row < here; row++)
        for (size_t i = 0; i < width; i++) {
          size_t bit = i * image->bits;
          block[row * stride + bit / 8] |= (uint8_t)(from[(row * width + i) * planes] << (8 - image->bits - bit % 8));
        }
    }
    // libtiff may change the block, which is a copy.
    if (TIFFWriteEncodedStrip(tiff, strip, block, (tmsize_t)(here * stride)) < 0) {
      free(block);
      return fail(file, image);
    }
  }
  free(block);
  return (is_stack ? TIFFForceStrileArrayWriting(tiff) : TIFFWriteDirectory(tiff)) ? 0 : fail(file, image);
}
