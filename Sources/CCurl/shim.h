#include <curl/curl.h>

// Swift calls no functions of variable arguments: one form for each kind of argument that is needed.
typedef size_t (*curl_receiver)(char *bytes, size_t size, size_t count, void *context);
typedef int (*curl_watcher)(void *context, curl_off_t total, curl_off_t now, curl_off_t up, curl_off_t upNow);

static inline CURLcode curl_set_text(CURL *curl, CURLoption option, const char *text) {
  return curl_easy_setopt(curl, option, text);
}
static inline CURLcode curl_set_number(CURL *curl, CURLoption option, long number) {
  return curl_easy_setopt(curl, option, number);
}
static inline CURLcode curl_set_receiver(CURL *curl, curl_receiver receiver, void *context) {
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, context);
  return curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receiver);
}
static inline CURLcode curl_set_watcher(CURL *curl, curl_watcher watcher, void *context) {
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, context);
  return curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, watcher);
}
static inline long curl_response_code(CURL *curl) {
  long code = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
  return code;
}
static inline curl_off_t curl_content_length(CURL *curl) {
  curl_off_t length = -1;
  curl_easy_getinfo(curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
  return length;
}
