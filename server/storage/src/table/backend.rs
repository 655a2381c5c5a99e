//! redb over our file layer, so that crash tests reach databases, too. Locking is the data folder's.

use std::io;

use redb::StorageBackend;

use crate::DiskFile;

#[derive(Debug)]
pub(super) struct DiskBackend(pub(super) Box<dyn DiskFile>);

impl StorageBackend for DiskBackend {
    fn len(&self) -> Result<u64, io::Error> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), io::Error> {
        self.0.read_at(offset, out)
    }

    fn set_len(&self, len: u64) -> Result<(), io::Error> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> Result<(), io::Error> {
        self.0.sync()
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), io::Error> {
        self.0.write_at(offset, data)
    }
}
