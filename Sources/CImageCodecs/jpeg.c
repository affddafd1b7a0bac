// JPEG by libjpeg-turbo, read only: grey and colour images of 8 bits. Four inks come back as such, without pixels. The
// orientation is read from the EXIF block.

#include "CImageCodecs.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jpeglib.h>
#include <jerror.h>

typedef struct {
  struct jpeg_error_mgr base;
  jmp_buf exit;
  char text[JMSG_LENGTH_MAX];
} errors;

static void fail(j_common_ptr jpeg) {
  errors *manager = (errors *)jpeg->err;
  manager->base.format_message(jpeg, manager->text);
  longjmp(manager->exit, 1);
}

static void warn(j_common_ptr jpeg, int level) {
  // libjpeg fills a file that is cut off, or damaged, with grey, and warns. Its other warnings are of no consequence.
  int code = jpeg->err->msg_code;
  if (level < 0 && (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE)) fail(jpeg);
}

/// The orientation in an EXIF block that begins with the header of a TIFF; returns 1 if there is one.
int sxi_exif_orientation(const uint8_t *bytes, size_t count, uint32_t *orientation) {
  if (count < 8) return 0;
  int big = bytes[0] == 'M';
#define TWO(p) (uint32_t)(big ? bytes[p] << 8 | bytes[(p) + 1] : bytes[(p) + 1] << 8 | bytes[p])
  size_t place = big ? TWO(4) << 16 | TWO(6) : TWO(6) << 16 | TWO(4);
  if (place + 2 > count) return 0;
  uint32_t entries = TWO(place);
  for (uint32_t i = 0; i < entries; i++) {
    size_t entry = place + 2 + 12 * (size_t)i;
    if (entry + 12 > count) return 0;
    if (TWO(entry) == 0x112 && TWO(entry + 2) == 3) return *orientation = TWO(entry + 8), 1;
  }
#undef TWO
  return 0;
}

int sxi_jpeg_read(const uint8_t *bytes, size_t count, int wants_pixels, sxi_image *image) {
  memset(image, 0, sizeof *image);
  image->alpha = -1, image->compression = 1, image->format = 1, image->bits = 8, image->first_offset = -1;
  struct jpeg_decompress_struct jpeg;
  errors manager;
  memset(&jpeg, 0, sizeof jpeg);
  jpeg.err = jpeg_std_error(&manager.base);
  manager.base.error_exit = fail;
  manager.base.emit_message = warn;
  if (setjmp(manager.exit)) {
    snprintf(image->error, sizeof image->error, "%.*s", (int)sizeof image->error - 1, manager.text);
    jpeg_destroy_decompress(&jpeg);
    sxi_free(image);
    return -1;
  }
  jpeg_create_decompress(&jpeg);
  jpeg_mem_src(&jpeg, (unsigned char *)bytes, count);
  jpeg_save_markers(&jpeg, JPEG_APP0 + 1, 0xFFFF);
  jpeg_save_markers(&jpeg, JPEG_APP0 + 2, 0xFFFF);
  jpeg_read_header(&jpeg, TRUE);
  image->rows = jpeg.image_height, image->columns = jpeg.image_width;
  image->bands = (uint32_t)jpeg.num_components;
  image->photometric = image->bands == 4 ? SXI_SEPARATED : image->bands == 3 ? SXI_RGB : SXI_MIN_IS_BLACK;
  if (jpeg.saw_JFIF_marker && jpeg.density_unit <= 2) {
    image->has_resolution = 1;
    image->resolution_x = jpeg.X_density, image->resolution_y = jpeg.Y_density;
    image->resolution_unit = jpeg.density_unit + 1;
  }
  for (jpeg_saved_marker_ptr marker = jpeg.marker_list; marker; marker = marker->next)
    if (marker->marker == JPEG_APP0 + 1 && marker->data_length > 6 && !memcmp(marker->data, "Exif\0", 6))
      image->has_orientation = sxi_exif_orientation(marker->data + 6, marker->data_length - 6, &image->orientation);
  unsigned char *profile = NULL;
  unsigned length = 0;
  if (jpeg_read_icc_profile(&jpeg, &profile, &length)) image->profile = profile, image->profile_length = length;
  if (!wants_pixels || image->bands == 4) return jpeg_destroy_decompress(&jpeg), 0;
  jpeg_start_decompress(&jpeg);
  size_t stride = (size_t)jpeg.output_width * (size_t)jpeg.output_components;
  image->bands = (uint32_t)jpeg.output_components;
  image->pixel_length = stride * jpeg.output_height;
  image->pixels = malloc(image->pixel_length);
  if (!image->pixels) ERREXIT1(&jpeg, JERR_OUT_OF_MEMORY, 0);
  while (jpeg.output_scanline < jpeg.output_height) {
    JSAMPROW row = image->pixels + jpeg.output_scanline * stride;
    jpeg_read_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_decompress(&jpeg);
  jpeg_destroy_decompress(&jpeg);
  return 0;
}
