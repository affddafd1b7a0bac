// PNG by libpng. Palettes become colours; 16-bit samples are turned to the machine's byte order; nothing else changes.

#include "CImageCodecs.h"

#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  const uint8_t *bytes;
  size_t count, place;
} source;

static void fail(png_structp png, png_const_charp message) {
  sxi_image *image = png_get_error_ptr(png);
  snprintf(image->error, sizeof image->error, "%s", message);
  png_longjmp(png, 1);
}

static void ignore(png_structp png, png_const_charp message) { (void)png, (void)message; }

static void take(png_structp png, png_bytep target, png_size_t count) {
  source *from = png_get_io_ptr(png);
  if (count > from->count - from->place) png_error(png, "the file is cut off");
  memcpy(target, from->bytes + from->place, count);
  from->place += count;
}

static int is_little_endian(void) {
  const uint16_t one = 1;
  return *(const uint8_t *)&one == 1;
}

void sxi_free(sxi_image *image) {
  free(image->profile);
  free(image->chunks);
  free(image->tags);
  free(image->description);
  free(image->no_data);
  free(image->pixels);
  image->profile = NULL, image->chunks = NULL, image->tags = NULL;
  image->description = NULL, image->no_data = NULL, image->pixels = NULL;
}

static uint32_t number(const uint8_t *bytes) {
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/// The frames of an animation, which stand in a chunk before the pixels that libpng passes over; 0 where there is none.
static uint32_t frames(const uint8_t *bytes, size_t count) {
  for (size_t at = 8; at + 12 <= count;) {
    size_t length = number(bytes + at);
    if (!memcmp(bytes + at + 4, "IDAT", 4) || length > count - at - 12) return 0;
    if (!memcmp(bytes + at + 4, "acTL", 4) && length >= 4) return number(bytes + at + 8);
    at += 12 + length;
  }
  return 0;
}

/// The check sum of a chunk (CRC-32).
static uint32_t check_sum(const uint8_t *bytes, size_t count) {
  uint32_t sum = 0xFFFFFFFF;
  for (size_t i = 0; i < count; i++) {
    sum ^= bytes[i];
    for (int bit = 0; bit < 8; bit++) sum = (sum >> 1) ^ (sum & 1 ? 0xEDB88320 : 0);
  }
  return ~sum;
}

/// Whether a chunk of this type is carried from one file to another. The significant bits of a palette are none of the colours that
/// take its place.
static int is_carried(const uint8_t *type, int is_palette) {
  static const char *const types[] = {"tEXt", "zTXt", "iTXt", "gAMA", "cHRM", "sRGB", "sBIT"};
  if (is_palette && !memcmp(type, "sBIT", 4)) return 0;
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (!memcmp(type, types[i], 4)) return 1;
  return 0;
}

/// Keeps the chunks that are carried, before and after the pixels, except damaged ones. They are counted first and copied then.
static void keep_chunks(const uint8_t *bytes, size_t count, sxi_image *image) {
  // The colour type stands in the header's chunk.
  int is_palette = count > 25 && bytes[25] == PNG_COLOR_TYPE_PALETTE;
  for (int is_copy = 0; is_copy < 2; is_copy++) {
    size_t total = 0;
    for (size_t at = 8; at + 12 <= count;) {
      size_t length = number(bytes + at);
      if (length > count - at - 12) break;
      if (is_carried(bytes + at + 4, is_palette) && number(bytes + at + 8 + length) == check_sum(bytes + at + 4, length + 4)) {
        if (is_copy) memcpy(image->chunks + total, bytes + at, length + 12);
        total += length + 12;
      }
      at += length + 12;
    }
    if (!is_copy && (!total || !(image->chunks = malloc(total)))) return;
    image->chunks_length = total;
  }
}

static void read_tags(png_structp png, png_infop info, sxi_image *image) {
  png_uint_32 x, y, length;
  int unit, compression;
  if (png_get_pHYs(png, info, &x, &y, &unit)) {
    image->has_resolution = 1;
    image->resolution_x = x, image->resolution_y = y;
    image->resolution_unit = unit == PNG_RESOLUTION_METER ? SXI_METRE : SXI_NO_UNIT;
  }
  png_charp name;
  png_bytep profile;
  if (png_get_iCCP(png, info, &name, &compression, &profile, &length) && (image->profile = malloc(length))) {
    memcpy(image->profile, profile, length);
    image->profile_length = length;
  }
}

int sxi_png_read(const uint8_t *bytes, size_t count, int wants_pixels, sxi_image *image) {
  memset(image, 0, sizeof *image);
  image->alpha = -1, image->compression = 1, image->format = 1, image->first_offset = -1;
  image->frames = frames(bytes, count);
  keep_chunks(bytes, count, image);
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, image, fail, ignore);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  source from = {bytes, count, 0};
  png_bytep *volatile rows = NULL;
  if (!info) return snprintf(image->error, sizeof image->error, "there is not enough memory"), -1;
  if (setjmp(png_jmpbuf(png))) {
    free((void *)rows);
    png_destroy_read_struct(&png, &info, NULL);
    sxi_free(image);
    return -1;
  }
  png_set_read_fn(png, &from, take);
  // A profile that libpng does not like is carried as it is.
  png_set_option(png, PNG_SKIP_sRGB_CHECK_PROFILE, PNG_OPTION_ON);
  png_read_info(png, info);
  int type = png_get_color_type(png, info);
  image->bits = png_get_bit_depth(png, info);
  read_tags(png, info, image);
  png_bytep alphas;
  int alpha_count;
  png_color_16p key;
  int has_transparency = png_get_tRNS(png, info, &alphas, &alpha_count, &key) != 0;
  if (type == PNG_COLOR_TYPE_PALETTE) {
    png_set_palette_to_rgb(png);
    if (has_transparency) png_set_tRNS_to_alpha(png);
    image->had_palette = 1;
    image->bits = 8;
  } else if (has_transparency) {
    image->has_key = 1;
    image->key[0] = type == PNG_COLOR_TYPE_GRAY ? key->gray : key->red;
    image->key[1] = key->green, image->key[2] = key->blue;
  }
  if (image->bits < 8) png_set_packing(png);
  if (image->bits == 16 && is_little_endian()) png_set_swap(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  image->rows = png_get_image_height(png, info);
  image->columns = png_get_image_width(png, info);
  image->bands = png_get_channels(png, info);
  image->photometric = image->bands < 3 ? SXI_MIN_IS_BLACK : SXI_RGB;
  if (image->bands == 2 || image->bands == 4) image->alpha = (int32_t)image->bands - 1;
  size_t stride = png_get_rowbytes(png, info);
  // Deflate packs 1032 bytes into one at most, and a bit may have become a byte: a header that claims more is wrong.
  if ((double)stride * image->rows > 8.0 * 1032 * (double)count + 4096) png_error(png, "the file is cut off");
#ifdef PNG_eXIf_SUPPORTED
  png_uint_32 exif_length;
  png_bytep exif;
  if (png_get_eXIf_1(png, info, &exif_length, &exif)) {
    extern int sxi_exif_orientation(const uint8_t *, size_t, uint32_t *);
    image->has_orientation = sxi_exif_orientation(exif, exif_length, &image->orientation);
  }
#endif
  if (!wants_pixels) return png_destroy_read_struct(&png, &info, NULL), 0;
  image->pixel_length = stride * image->rows;
  image->pixels = malloc(image->pixel_length);
  rows = malloc(sizeof(png_bytep) * image->rows);
  if (!image->pixels || !rows) png_error(png, "there is not enough memory");
  for (uint32_t row = 0; row < image->rows; row++) rows[row] = image->pixels + row * stride;
  png_read_image(png, (png_bytepp)rows);
  png_read_end(png, info);
  free((void *)rows);
  png_destroy_read_struct(&png, &info, NULL);
  return 0;
}

int sxi_png_write(const char *path, sxi_image *image) {
  FILE *file = fopen(path, "wb");
  if (!file) return snprintf(image->error, sizeof image->error, "the file cannot be created"), -1;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, image, fail, ignore);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  if (!info) return fclose(file), snprintf(image->error, sizeof image->error, "there is not enough memory"), -1;
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_write_struct(&png, &info);
    fclose(file);
    return -1;
  }
  static const int types[] = {0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGB_ALPHA};
  if (image->bands < 1 || image->bands > 4) png_error(png, "a PNG has one to four bands");
  png_init_io(png, file);
  png_set_option(png, PNG_SKIP_sRGB_CHECK_PROFILE, PNG_OPTION_ON);
  png_set_IHDR(
      png, info, image->columns, image->rows, (int)image->bits, types[image->bands], PNG_INTERLACE_NONE,
      PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (image->has_resolution) {
    double factor = image->resolution_unit == SXI_INCH ? 1 / 0.0254 : image->resolution_unit == SXI_CENTIMETRE ? 100 : 1;
    png_set_pHYs(
        png, info, (png_uint_32)(image->resolution_x * factor + 0.5), (png_uint_32)(image->resolution_y * factor + 0.5),
        image->resolution_unit == SXI_NO_UNIT ? PNG_RESOLUTION_UNKNOWN : PNG_RESOLUTION_METER);
  }
  if (image->profile_length)
    png_set_iCCP(png, info, "profile", PNG_COMPRESSION_TYPE_BASE, image->profile, (png_uint_32)image->profile_length);
  if (image->has_key) {
    png_color_16 key = {0, image->key[0], image->key[1], image->key[2], image->key[0]};
    png_set_tRNS(png, info, NULL, 0, &key);
  }
#ifdef PNG_eXIf_SUPPORTED
  if (image->has_orientation) {
    png_byte exif[] = {'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, (png_byte)image->orientation, 0, 0, 0, 0, 0, 0};
    png_set_eXIf_1(png, info, sizeof exif, exif);
  }
#endif
  png_write_info(png, info);
  for (size_t at = 0; at + 12 <= image->chunks_length;) {
    size_t length = number(image->chunks + at);
    if (length > image->chunks_length - at - 12) break;
    png_write_chunk(png, image->chunks + at + 4, image->chunks + at + 8, length);
    at += length + 12;
  }
  if (image->bits < 8) png_set_packing(png);
  if (image->bits == 16 && is_little_endian()) png_set_swap(png);
  size_t stride = image->rows ? image->pixel_length / image->rows : 0;
  for (uint32_t row = 0; row < image->rows; row++) png_write_row(png, image->pixels + row * stride);
  // All chunks stand before the pixels; with the tags, libpng would write the orientation once more after them.
  png_write_end(png, NULL);
  png_destroy_write_struct(&png, &info);
  if (fclose(file)) return snprintf(image->error, sizeof image->error, "the disk may be full"), -1;
  return 0;
}
