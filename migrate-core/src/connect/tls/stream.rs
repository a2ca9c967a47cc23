//! The beginning of a connection: the request for TLS, the answer, and TLS itself.
//!
//! The driver is configured to begin with TLS at once, which makes it leave the bare connection to us:
//! only then can we report the answer to the request, prevent clear text where it is not allowed, and
//! read the process ID that the server announces. See
//! [SSL Session Encryption](https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL).

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect};
use rustls::ClientConfig;
use rustls::pki_types::{IpAddr, Ipv4Addr, ServerName};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::time::Sleep;
use tokio_rustls::TlsConnector;

use super::super::lifeline::{Lifeline, Way};
use super::super::messages::Messages;
use super::certificate::Certificate;
use super::failure::Failure;
use super::keepalive::Keepalive;

/// What is requested of the server before anything else.
#[derive(Clone)]
pub(in super::super) enum TlsRequest {
    /// Nothing: the connection is in clear text.
    Clear,
    /// TLS, or clear text if the server does not support it.
    TlsOrClear(Arc<ClientConfig>),
    /// TLS.
    Tls(Arc<ClientConfig>),
    /// TLS from the first byte on, without asking.
    Direct(Arc<ClientConfig>),
}

/// Opens connections as wished.
#[derive(Clone)]
pub(in super::super) struct Connector {
    wish: TlsRequest,
    /// Whether the host's name is to be in the certificate.
    name_counts: bool,
    /// How often something is sent while an answer is awaited.
    keepalive: Option<Duration>,
    /// When the connection is no longer needed.
    until: Option<Instant>,
    heard: Arc<Handshake>,
    lifeline: Lifeline,
}

/// What was heard while a connection began.
#[derive(Default)]
pub(in super::super) struct Handshake {
    process: AtomicI32,
    encrypted: AtomicBool,
}

impl Handshake {
    /// The process that the server said it was. A pooler says something of its own.
    pub(in super::super) fn process(&self) -> Option<i32> {
        Some(self.process.load(Ordering::Relaxed)).filter(|process| *process != 0)
    }
}

impl Connector {
    pub(in super::super) fn new(
        wish: TlsRequest,
        name_counts: bool,
        keepalive: Option<Duration>,
    ) -> Self {
        let (heard, lifeline) = (Arc::default(), Lifeline::default());
        Self { wish, name_counts, keepalive, until: None, heard, lifeline }
    }

    /// One for another connection, as this one was to be.
    pub(in super::super) fn afresh(&self) -> Self {
        Self { until: self.until, ..Self::new(self.wish.clone(), self.name_counts, self.keepalive) }
    }

    /// The connection that it opens, as other threads see it.
    pub(in super::super) fn lifeline(&self) -> &Lifeline {
        &self.lifeline
    }

    /// Returns what was received on the last connection.
    pub(in super::super) fn heard(&self) -> &Handshake {
        &self.heard
    }

    /// One that does again what came of this one: encrypted stays encrypted.
    pub(in super::super) fn again(&self) -> Self {
        let wish = match (&self.wish, self.heard.encrypted.load(Ordering::Relaxed)) {
            (TlsRequest::TlsOrClear(config), true) => TlsRequest::Tls(Arc::clone(config)),
            (TlsRequest::TlsOrClear(_), false) => TlsRequest::Clear,
            (wish, _) => wish.clone(),
        };
        Self::new(wish, self.name_counts, self.keepalive)
    }

    /// One that has begun by then, or fails: what is to be sent on its connection would come too
    /// late.
    pub(in super::super) fn until(self, until: Instant) -> Self {
        Self { until: Some(until), ..self }
    }
}

impl<S> MakeTlsConnect<S> for Connector
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Stream<S>;
    type TlsConnect = Connect;
    type Error = Failure;

    fn make_tls_connect(&mut self, host: &str) -> Result<Connect, Failure> {
        let name = match ServerName::try_from(host.to_owned()) {
            Ok(name) => name,
            Err(_) if self.name_counts => return Err(Failure::HostName),
            // A name that no certificate can have is not sent to the server, either.
            Err(_) => ServerName::IpAddress(IpAddr::V4(Ipv4Addr::from([0; 4]))),
        };
        Ok(Connect { connector: self.clone(), name })
    }
}

/// One connection, about to begin.
pub(in super::super) struct Connect {
    connector: Connector,
    name: ServerName<'static>,
}

impl<S> TlsConnect<S> for Connect
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Stream<S>;
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Stream<S>, Failure>> + Send>>;

    fn connect(self, socket: S) -> Self::Future {
        Box::pin(begin_in_time(socket, self.connector, self.name))
    }
}

async fn begin_in_time<S>(
    socket: S,
    connector: Connector,
    name: ServerName<'static>,
) -> Result<Stream<S>, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (until, lifeline) = (connector.until, connector.lifeline.clone());
    let mut begin = std::pin::pin!(begin(socket, connector, name));
    let begin = std::future::poll_fn(|context| match lifeline.poll_severed(context) {
        Poll::Ready(error) => Poll::Ready(Err(Failure::Asking(error))),
        Poll::Pending => begin.as_mut().poll(context),
    });
    let Some(until) = until else { return begin.await };
    let begun = tokio::time::timeout_at(until.into(), begin).await;
    match begun {
        Ok(Ok(stream)) if Instant::now() < until => Ok(Stream {
            patience: Some(Box::pin(tokio::time::sleep_until(until.into()))),
            ..stream
        }),
        Ok(Err(failure)) => Err(failure),
        _ => Err(Failure::Asking(io::ErrorKind::TimedOut.into())),
    }
}

async fn begin<S>(
    mut socket: S,
    connector: Connector,
    name: ServerName<'static>,
) -> Result<Stream<S>, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (heard, lifeline) = (connector.heard, connector.lifeline);
    let keepalive = Keepalive::new(connector.keepalive);
    let config = match connector.wish {
        TlsRequest::Clear => None,
        TlsRequest::TlsOrClear(config) => is_offered(&mut socket).await?.then_some(config),
        TlsRequest::Tls(config) if is_offered(&mut socket).await? => Some(config),
        TlsRequest::Tls(_) => return Err(Failure::NotOffered),
        TlsRequest::Direct(config) => Some(config),
    };
    heard.encrypted.store(config.is_some(), Ordering::Relaxed);
    let inner = match config {
        None => Inner::Clear(socket),
        Some(config) => {
            let must_agree = !config.alpn_protocols.is_empty();
            let connecting = TlsConnector::from(config).connect(name, socket);
            let stream = connecting.await.map_err(Failure::Handshake)?;
            // Another kind of server behind the same port could be talked into something.
            if must_agree && stream.get_ref().1.alpn_protocol() != Some(super::PROTOCOL) {
                return Err(Failure::OtherProtocol);
            }
            Inner::Tls(Box::new(stream))
        }
    };
    let ears = HandshakeReader { heard, message: Vec::new(), skip: 0, open: true };
    let (sent, received) = (Messages::default(), Messages::default());
    Ok(Stream { inner, ears, lifeline, keepalive, sent, received, patience: None })
}

/// Determines whether the server supports TLS.
async fn is_offered<S>(socket: &mut S) -> Result<bool, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];
    socket.write_all(&SSL_REQUEST).await.map_err(Failure::Asking)?;
    socket.flush().await.map_err(Failure::Asking)?;
    // One byte and no more: what follows it in clear text is not the server's, and fails in the
    // handshake.
    match socket.read_u8().await.map_err(Failure::Asking)? {
        b'S' => Ok(true),
        b'N' => Ok(false),
        _ => Err(Failure::NotPostgres),
    }
}

/// A connection in clear text or in TLS.
pub(in super::super) struct Stream<S> {
    inner: Inner<S>,
    ears: HandshakeReader,
    lifeline: Lifeline,
    keepalive: Keepalive,
    sent: Messages,
    received: Messages,
    /// Until when the other side may end the connection before this one does.
    patience: Option<Pin<Box<Sleep>>>,
}

enum Inner<S> {
    Clear(S),
    Tls(Box<tokio_rustls::client::TlsStream<S>>),
}

impl<S> postgres::tls::TlsStream for Stream<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    fn channel_binding(&self) -> ChannelBinding {
        let Inner::Tls(stream) = &self.inner else { return ChannelBinding::none() };
        let shown = stream.get_ref().1.peer_certificates().and_then(|shown| shown.first());
        let binding = shown.and_then(|shown| Certificate::read(shown)?.binding(shown));
        binding.map_or_else(ChannelBinding::none, ChannelBinding::tls_server_end_point)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Stream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.lifeline.check(context, Way::Read)?;
        let before = buffer.filled().len();
        let this = &mut *self;
        let read = match &mut this.inner {
            Inner::Clear(stream) => Pin::new(stream).poll_read(context, buffer),
            Inner::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        };
        if read.is_pending() && !this.ears.open && this.lifeline.silence().is_some() {
            let is_between = this.sent.is_between();
            match &mut this.inner {
                Inner::Clear(stream) => this.keepalive.poll(context, is_between, stream)?,
                Inner::Tls(stream) => this.keepalive.poll(context, is_between, stream)?,
            }
        }
        let read = ready!(read);
        if read.is_err() || buffer.filled().len() == before {
            self.lifeline.note_end();
        }
        read?;
        self.keepalive.restart();
        self.ears.hear(&buffer.filled()[before..]);
        let (mut ended, this) = ([0_usize; 2], &mut *self);
        this.received.follow(&buffer.filled()[before..], |letter| match letter {
            b'Z' => ended[0] += 1,
            b'G' => ended[1] += 1,
            _ => {}
        });
        // COPY ignores the end of the request that has begun it: the data end in one of their own.
        this.lifeline.note_received(ended[0] + ended[1]);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Stream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.lifeline.check(context, Way::Write)?;
        let this = &mut *self;
        let is_free = match &mut this.inner {
            Inner::Clear(stream) => this.keepalive.send(context, stream)?,
            Inner::Tls(stream) => this.keepalive.send(context, stream)?,
        };
        let sent = match &mut this.inner {
            _ if !is_free => Poll::Pending,
            Inner::Clear(stream) => Pin::new(stream).poll_write(context, bytes),
            Inner::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        };
        let Poll::Ready(sent) = sent else {
            this.lifeline.note_blocked();
            return Poll::Pending;
        };
        let (sent, mut requests) = (sent?, 0);
        // What comes before the server has let us in is no such message.
        if !this.ears.open {
            this.sent.follow(&bytes[..sent], |letter| {
                requests += usize::from(letter == b'Q' || letter == b'S');
            });
        }
        this.lifeline.note_sent(requests);
        this.keepalive.restart();
        Poll::Ready(Ok(sent))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.lifeline.check(context, Way::Write)?;
        match &mut self.inner {
            Inner::Clear(stream) => Pin::new(stream).poll_flush(context),
            Inner::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.lifeline.check(context, Way::Write)?;
        // A pooler drops a cancel request whose sender disconnects before it is passed on. The pooler
        // disconnects when it is.
        while let Some(patience) = &mut self.patience {
            let mut scratch = [0; 64];
            let mut scratch = ReadBuf::new(&mut scratch);
            let is_over = patience.as_mut().poll(context).is_ready();
            if !is_over {
                let read = self.as_mut().poll_read(context, &mut scratch);
                if ready!(read).is_ok() && !scratch.filled().is_empty() {
                    continue;
                }
            }
            self.patience = None;
        }
        match &mut self.inner {
            Inner::Clear(stream) => Pin::new(stream).poll_shutdown(context),
            Inner::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}

/// Listens for the process that the server says it is, in its first messages: a letter, the length
/// of the rest with itself, the rest.
struct HandshakeReader {
    heard: Arc<Handshake>,
    /// The beginning of the message that is coming in.
    message: Vec<u8>,
    /// How much is still to come of a message that does not matter.
    skip: usize,
    open: bool,
}

impl HandshakeReader {
    const HEADER: usize = 5;
    /// [`BackendKeyData`](https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-BACKENDKEYDATA),
    /// up to the process.
    const KEY: usize = Self::HEADER + 4;

    fn hear(&mut self, mut bytes: &[u8]) {
        while self.open && !bytes.is_empty() {
            let skipped = self.skip.min(bytes.len());
            self.skip -= skipped;
            bytes = &bytes[skipped..];
            let wanted = if self.message.first() == Some(&b'K') { Self::KEY } else { Self::HEADER };
            let taken = (wanted - self.message.len()).min(bytes.len());
            self.message.extend_from_slice(&bytes[..taken]);
            bytes = &bytes[taken..];
            self.understand();
        }
    }

    fn understand(&mut self) {
        match *self.message.as_slice() {
            [b'K', _, _, _, _, a, b, c, d, ..] => {
                self.heard.process.store(i32::from_be_bytes([a, b, c, d]), Ordering::Relaxed);
                self.open = false;
            }
            [b'K', ..] => {}
            // The server is ready for queries, or has refused: it has said what it had to say.
            [b'Z' | b'E', ..] => self.open = false,
            [_, a, b, c, d, ..] => {
                let length = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or_default();
                self.skip = length.saturating_sub(4);
                self.message.clear();
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The process that is read from bytes that come in pieces.
    fn process<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Option<i32> {
        let heard = Arc::new(Handshake::default());
        let message = Vec::new();
        let mut reader =
            HandshakeReader { heard: Arc::clone(&heard), message, skip: 0, open: true };
        pieces.into_iter().for_each(|piece| reader.hear(piece));
        heard.process()
    }

    #[test]
    fn the_process_is_heard_however_the_bytes_come_in() {
        let mut bytes = b"R\0\0\0\x08\0\0\0\0S\0\0\0\x0ba\0bcde\0".to_vec();
        bytes.extend(b"N\0\0\0\x04K\0\0\0\x0c\0\0\x30\x39\x01\x02\x03\x04Z\0\0\0\x05I");
        for size in 1..=bytes.len() {
            assert_eq!(process(bytes.chunks(size)), Some(12345), "in pieces of {size}");
        }
    }

    #[test]
    fn nonsense_is_no_process() {
        for bytes in
            [&b""[..], b"K", b"E\0\0\0\x04K\0\0\0\x0c\0\0\0\x01", b"HTTP/1.1 400", &[0; 99]]
        {
            assert_eq!(process([bytes]), None, "{bytes:?}");
        }
    }
}
