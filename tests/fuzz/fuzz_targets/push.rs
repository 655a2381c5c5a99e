//! Any bytes as a push of log lines, in every form: no panic, and what is taken comes back from our own encoder.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::loki_push::{Decoder, encode};
use wire::otlp::{Encoding, grpc, logs};

fuzz_target!(|bytes: &[u8]| {
    let decoder = Decoder::new(16, 1 << 20);
    let body = bytes::Bytes::copy_from_slice(bytes);
    let taken = [decoder.decode_json(body.clone()), decoder.decode_protobuf(body.clone())];
    for batch in taken.into_iter().flatten() {
        let again = decoder.decode("application/x-protobuf", "", encode(&batch).into()).expect("our own bytes");
        let lines = |batch: &model::LogBatch| -> Vec<model::Entry> {
            batch.streams.iter().flat_map(|stream| stream.entries.clone()).collect()
        };
        assert_eq!(lines(&again), lines(&batch));
    }
    for encoding in [Encoding::Protobuf, Encoding::Json] {
        let _ = logs::decode(encoding, &body, 0);
    }
    let _ = grpc::unary(&body, "gzip", 1 << 16);
});
