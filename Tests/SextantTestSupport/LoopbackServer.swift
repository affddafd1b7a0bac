// A web server on the loopback address, for tests of what is fetched: knows ranges or not, and can break off.

import Foundation
import Glibc
import Synchronization

/// Serves files from memory, one connection at a time.
public final class LoopbackServer: Sendable {
  /// What the server does beside its duty.
  public struct Manners: Sendable {
    /// Whether ranges are answered with parts.
    public var knowsRanges = true
    /// After how many bytes of a body the connection is cut; nil for never.
    public var cutsAfter: Int?
    /// Whether the length is told beforehand.
    public var tellsLength = true

    public init() {}
  }

  /// A request as it came.
  public struct Request: Sendable, Equatable {
    /// The path, such as "/a.bin".
    public var path: String
    /// The first byte that was asked for; nil for all.
    public var firstByte: Int?
  }

  /// The address of the folder of all files, such as "http://127.0.0.1:40000/".
  public let address: String
  private let descriptor: Int32
  private let files: [String: Data]
  private let state = Mutex((manners: Manners(), requests: [Request]()))

  /// Serves these files by name. Throws where the system has no port.
  public init(_ files: [String: Data]) throws {
    self.files = files
    let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var place = sockaddr_in()
    place.sin_family = sa_family_t(AF_INET)
    place.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isListening = withUnsafeMutablePointer(to: &place) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        bind(socket, pointer, length) == 0 && listen(socket, 8) == 0 && getsockname(socket, pointer, &length) == 0
      }
    }
    guard isListening else { throw ExternalProgram.Failure(description: String(cString: strerror(errno))) }
    descriptor = socket
    address = "http://127.0.0.1:\(UInt16(bigEndian: place.sin_port))/"
    Thread.detachNewThread { [self] in serve() }
  }

  /// How the server behaves from now on.
  public var manners: Manners {
    get { state.withLock { $0.manners } }
    set { state.withLock { $0.manners = newValue } }
  }

  /// What it was asked so far.
  public var requests: [Request] { state.withLock { $0.requests } }

  /// Ends the service; addresses lead nowhere from then on.
  public func stop() { shutdown(descriptor, Int32(SHUT_RDWR)) }

  private func serve() {
    while true {
      let connection = accept(descriptor, nil, nil)
      guard connection >= 0 else { break }
      answer(on: connection)
      close(connection)
    }
    close(descriptor)
  }

  private func answer(on connection: Int32) {
    var text = ""
    var bytes = [UInt8](repeating: 0, count: 4096)
    while !text.contains("\r\n\r\n") {
      let count = recv(connection, &bytes, bytes.count, 0)
      guard count > 0 else { return }
      text += String(decoding: bytes.prefix(count), as: UTF8.self)
    }
    let lines = text.components(separatedBy: "\r\n")
    let path = lines[0].split(separator: " ").dropFirst().first.map(String.init) ?? "/"
    let range = lines.first { $0.lowercased().hasPrefix("range: bytes=") }
    let firstByte = range.flatMap { Int($0.dropFirst("range: bytes=".count).prefix { $0.isNumber }) }
    let manners = state.withLock { state in
      state.requests.append(Request(path: path, firstByte: firstByte))
      return state.manners
    }
    guard let content = files[String(path.dropFirst())] else {
      return send("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", Data(), on: connection)
    }
    let start = manners.knowsRanges ? firstByte ?? 0 : 0
    let isPart = manners.knowsRanges && firstByte != nil
    var head = isPart ? "HTTP/1.1 206 Partial Content\r\n" : "HTTP/1.1 200 OK\r\n"
    if isPart { head += "Content-Range: bytes \(start)-\(content.count - 1)/\(content.count)\r\n" }
    if manners.tellsLength { head += "Content-Length: \(content.count - start)\r\n" }
    let body = content.dropFirst(start)
    send(head + "Connection: close\r\n\r\n", manners.cutsAfter.map { body.prefix($0) } ?? body, on: connection)
  }

  private func send(_ head: String, _ body: Data, on connection: Int32) {
    let bytes = Array(head.utf8) + body
    var done = 0
    while done < bytes.count {
      let count = bytes[done...].withUnsafeBytes {
        Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return }
      done += count
    }
  }
}
