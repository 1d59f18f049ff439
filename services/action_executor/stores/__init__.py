"""Places where steps keep files: S3-compatible stores, WebDAV, SFTP, folders. One port, an adapter for each."""
