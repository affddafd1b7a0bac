// One file from the network: whole and with the right hash under its name, or else a hidden part beside it from which the next
// try goes on (HTTP ranges). A server that knows no ranges begins anew. By libcurl: Foundation's own sessions end the process where
// a transfer is cancelled at the wrong moment.

import CCurl
import Foundation
import SextantModels
import SextantStorage

/// Fetches a single file.
struct Download {
  let file: RemoteFile
  /// Where it goes.
  let path: String

  /// The hidden file that grows.
  var partialPath: String {
    let place = URL(fileURLWithPath: path)
    return place.deletingLastPathComponent().appendingPathComponent(".\(place.lastPathComponent).partial").path
  }

  /// Fetches the file from the first home that has it.
  func run(progress: any ProgressObserver, interruption: Interruption) throws {
    var complaints: [FetchError] = []
    for home in file.homes {
      do {
        return try run(from: home + file.name, progress: progress, interruption: interruption)
      } catch let error as FetchError {
        if case .busy = error { throw error }
        complaints.append(error)
      }
    }
    if let only = complaints.first, complaints.count == 1 { throw only }
    throw FetchError.noHome(name: file.name, reasons: complaints.map(\.description))
  }

  private func run(from address: String, progress: any ProgressObserver, interruption: Interruption) throws {
    guard let url = URL(string: address), ["http", "https"].contains(url.scheme), url.host?.isEmpty == false
    else {
      throw FetchError.invalidAddress(address)
    }
    try WholeFile.makeFolder(URL(fileURLWithPath: path).deletingLastPathComponent().path)
    let descriptor = open(partialPath, O_RDWR | O_CREAT, 0o644)
    guard descriptor >= 0 else {
      throw FileError.system(action: "create the file", path: partialPath, reason: String(cString: strerror(errno)))
    }
    defer { close(descriptor) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { throw FetchError.busy(path: path) }
    // Nothing of a file is no part to keep.
    defer { if lseek(descriptor, 0, SEEK_END) == 0 { unlink(partialPath) } }
    if lseek(descriptor, 0, SEEK_END) > file.byteCount { ftruncate(descriptor, 0) }
    let kept = Int(lseek(descriptor, 0, SEEK_END))
    if kept < file.byteCount {
      progress.start("fetching \(file.name)", unit: "kilobyte", count: file.byteCount / 1000)
      defer { progress.finish() }
      guard
        let transfer = Transfer(
          descriptor: descriptor, kept: kept, expected: file.byteCount, address: address, progress: progress,
          interruption: interruption)
      else { throw FetchError.unreachable(address: address, reason: "no memory for a transfer", kept: kept) }
      try transfer.run()
    }
    let found = try FileDigest.sha256(of: partialPath)
    guard found == file.sha256 else {
      ftruncate(descriptor, 0)
      throw FetchError.anotherContent(address: address, expected: file.sha256, found: found)
    }
    guard fsync(descriptor) == 0, rename(partialPath, path) == 0 else {
      throw FileError.system(
        action: "move the finished file into place", path: path, reason: String(cString: strerror(errno)))
    }
  }
}

/// A transfer under way, which libcurl tells of what arrives.
private final class Transfer {
  private let descriptor: Int32
  private let kept: Int
  private let expected: Int
  private let address: String
  private let curl: UnsafeMutableRawPointer
  private let progress: any ProgressObserver
  private let interruption: Interruption
  private var written: Int
  private var isBegun = false
  private var failure: (any Error)?

  /// Nil where the library has no memory for it.
  init?(
    descriptor: Int32, kept: Int, expected: Int, address: String, progress: any ProgressObserver,
    interruption: Interruption
  ) {
    guard let curl = curl_easy_init() else { return nil }
    (self.descriptor, self.kept, self.expected, self.address) = (descriptor, kept, expected, address)
    (self.curl, self.progress, self.interruption) = (curl, progress, interruption)
    written = kept
  }

  deinit { curl_easy_cleanup(curl) }

  /// Transfers what is missing, and returns when the file has the expected length.
  func run() throws {
    var reason = [CChar](repeating: 0, count: Int(CURL_ERROR_SIZE))
    let code = reason.withUnsafeMutableBufferPointer { reason -> CURLcode in
      _ = curl_set_text(curl, CURLOPT_ERRORBUFFER, reason.baseAddress)
      _ = curl_set_text(curl, CURLOPT_URL, address)
      if kept > 0 { _ = curl_set_text(curl, CURLOPT_RANGE, "\(kept)-") }
      _ = curl_set_number(curl, CURLOPT_FOLLOWLOCATION, 1)
      _ = curl_set_number(curl, CURLOPT_NOSIGNAL, 1)
      _ = curl_set_number(curl, CURLOPT_CONNECTTIMEOUT, 30)
      // A minute without a byte is the end of a connection.
      _ = curl_set_number(curl, CURLOPT_LOW_SPEED_LIMIT, 1)
      _ = curl_set_number(curl, CURLOPT_LOW_SPEED_TIME, 60)
      let context = Unmanaged.passUnretained(self).toOpaque()
      _ = curl_set_receiver(
        curl,
        { bytes, size, count, context in
          guard let bytes, let context else { return 0 }
          let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
          return transfer.receive(UnsafeRawBufferPointer(start: bytes, count: size * count)) ? size * count : 0
        }, context)
      _ = curl_set_watcher(
        curl,
        { context, _, _, _, _ in
          guard let context else { return 1 }
          return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().isWanted ? 0 : 1
        }, context)
      return curl_easy_perform(curl)
    }
    try interruption.check()
    // A body without a byte is told to nobody.
    if code == CURLE_OK, !isBegun { begin() }
    if let failure { throw failure }
    guard code == CURLE_OK, written == expected else {
      let told = String(decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      throw FetchError.unreachable(
        address: address,
        reason: told.isEmpty ? "the connection ended after \(written) of \(expected) bytes" : told, kept: written)
    }
  }

  /// Tells of the progress; whether to go on.
  private var isWanted: Bool {
    progress.advance(to: written / 1000)
    return !interruption.isRequested
  }

  /// Makes room for what a response brings, by its head.
  private func begin() {
    isBegun = true
    let (status, length) = (curl_response_code(curl), Int(curl_content_length(curl)))
    switch status {
    case 206 where kept > 0: break
    case 200:
      written = 0
      if ftruncate(descriptor, 0) != 0 {
        failure = FetchError.unreachable(
          address: address, reason: "the part that was kept cannot be emptied", kept: kept)
      }
    default: failure = FetchError.refused(address: address, status: status)
    }
    if failure == nil, length >= 0, written + length != expected {
      failure = FetchError.anotherLength(address: address, expected: expected, found: written + length)
    }
    lseek(descriptor, off_t(written), SEEK_SET)
  }

  /// Writes a piece of the body; whether more is wanted.
  private func receive(_ bytes: UnsafeRawBufferPointer) -> Bool {
    if !isBegun { begin() }
    guard failure == nil else { return false }
    guard written + bytes.count <= expected else {
      failure = FetchError.anotherLength(address: address, expected: expected, found: written + bytes.count)
      return false
    }
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      guard count > 0 else {
        failure = FileError.system(
          action: "write the file", path: address, reason: String(cString: strerror(errno)))
        return false
      }
      rest = rest.dropFirst(count)
      written += count
    }
    return true
  }
}
