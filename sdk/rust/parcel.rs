// SPDX-License-Identifier: Apache-2.0
//! Parcels, small records, as those of qetl/parcel.h: positions of a source, handles of a sink, states of few fields. Fields are
//! read back in the order in which they were put; a parcel that is cut off, changed, of another version, or longer than what is
//! read of it is refused at its end.
//!
//!     let bytes = Parcel::new(1).int(offset).bytes(name).done();
//!     …
//!     let mut parcel = Opened::of(&bytes, 1);
//!     let (offset, name) = (parcel.int(), parcel.bytes());
//!     parcel.close("the saved position")?;

use super::{fail, Failure, E_UNSUPPORTED};

const TAG: u8 = 0xe7;
const HEAD: usize = 2;
const DIGEST: usize = 4;

fn digest_of(bytes: &[u8]) -> [u8; DIGEST] {
    bytes.iter().fold(0x811c_9dc5_u32, |digest, byte| (digest ^ u32::from(*byte)).wrapping_mul(0x0100_0193)).to_le_bytes()
}

pub struct Parcel(Vec<u8>);

impl Parcel {
    /// version: the author's own, raised when the fields change.
    pub fn new(version: u8) -> Parcel {
        Parcel(vec![TAG, version])
    }

    pub fn int(mut self, value: i64) -> Parcel {
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    pub fn bytes(mut self, bytes: &[u8]) -> Parcel {
        assert!(u32::try_from(bytes.len()).is_ok(), "a field of a parcel has less than 4 GiB; put several");
        self.0.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
        self.0.extend_from_slice(bytes);
        self
    }

    pub fn done(mut self) -> Vec<u8> {
        let digest = digest_of(&self.0);
        self.0.extend_from_slice(&digest);
        self.0
    }
}

pub struct Opened<'a> {
    left: &'a [u8],
    failed: bool,
}

impl<'a> Opened<'a> {
    pub fn of(parcel: &'a [u8], version: u8) -> Opened<'a> {
        let end = parcel.len().saturating_sub(DIGEST);
        let good = end >= HEAD && parcel[..HEAD] == [TAG, version] && parcel[end..] == digest_of(&parcel[..end]);
        Opened { left: if good { &parcel[HEAD..end] } else { &[] }, failed: !good }
    }

    fn take(&mut self, size: usize) -> Option<&'a [u8]> {
        self.failed |= size > self.left.len();
        if self.failed {
            return None;
        }
        let (taken, left) = self.left.split_at(size);
        self.left = left;
        Some(taken)
    }

    /// The bytes as a text; nothing behind a failure, which it is too if they are no UTF-8.
    pub fn text(&mut self) -> String {
        let text = std::str::from_utf8(self.bytes());
        self.failed |= text.is_err();
        text.unwrap_or("").into()
    }

    /// 0 behind a failure.
    pub fn int(&mut self) -> i64 {
        self.take(8).and_then(|bytes| bytes.try_into().ok()).map_or(0, i64::from_le_bytes)
    }

    /// Nothing behind a failure.
    pub fn bytes(&mut self) -> &'a [u8] {
        let size = self.take(4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes);
        self.take(size as usize).unwrap_or(&[])
    }

    /// Whether it is one, before anything is read of it.
    pub fn check(&self, what: &str) -> Result<(), Failure> {
        if self.failed {
            return fail(E_UNSUPPORTED, "", "begin anew with --full-refresh", format!("{} cannot be read", what));
        }
        Ok(())
    }

    /// Nothing more was expected. what: as in "the saved position".
    pub fn close(self, what: &str) -> Result<(), Failure> {
        Opened { failed: self.failed || !self.left.is_empty(), ..self }.check(what)
    }
}
