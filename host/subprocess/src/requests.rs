//! What an extension asks of the host, and the replies.

use std::sync::Arc;

use tokio::task::JoinHandle;
use wharf_protocol::frame::{ReplyFrame, RequestFrame, ToExtension};
use wharf_protocol::request::{Reply, RequestError};

use crate::peer::Peer;

/// Takes a request; the reply is written when it is there. Nothing here waits.
pub(crate) fn take(peer: &Arc<Peer>, frame: RequestFrame) {
    let RequestFrame { id, call, request } = frame;
    let wanted = !id.is_empty();
    if !peer.begin_request() {
        let message = "too many requests are in progress".to_owned();
        return match wanted {
            true => reply(peer, id, Err(RequestError::Full { message })),
            false => peer.log(&format!("a request came to nothing: {message}")),
        };
    }
    let work = peer.inbound.request(peer.asking(&call), request);
    let peer = peer.clone();
    // It ends with the dialog or the disk, both of which are bounded, or with the extension.
    let _detached: JoinHandle<()> = tokio::spawn(async move {
        let result = tokio::select! {
            biased;
            () = peer.dead.cancelled() => return,
            result = work => result,
        };
        peer.end_request();
        if wanted {
            reply(&peer, id, result);
        } else if let Err(error) = result {
            peer.log(&format!("a request came to nothing: {error}"));
        }
    });
}

/// Replies to a request that cannot be read.
pub(crate) fn refuse(peer: &Peer, id: String, why: String) {
    reply(peer, id, Err(RequestError::Invalid { message: why }));
}

fn reply(peer: &Peer, id: String, result: Result<Reply, RequestError>) {
    let frame = ToExtension::Reply(ReplyFrame { id, result: result.into() });
    let sent = peer.encode(&frame).map_err(|error| error.to_string());
    let sent = sent.and_then(|line| peer.outbox.answer(line).map_err(|error| error.to_string()));
    if let Err(why) = sent {
        peer.log(&format!("a reply was not sent: {why}"));
    }
}
