/** First bytes of plain xDLMS APDUs. */

export const ApduTag = Object.freeze({
  initiateRequest: 0x01,
  readRequest: 0x05,
  writeRequest: 0x06,
  initiateResponse: 0x08,
  readResponse: 0x0c,
  writeResponse: 0x0d,
  confirmedServiceError: 0x0e,
  dataNotification: 0x0f,
  unconfirmedWriteRequest: 0x16,
  informationReportRequest: 0x18,
  getRequest: 0xc0,
  setRequest: 0xc1,
  eventNotification: 0xc2,
  actionRequest: 0xc3,
  getResponse: 0xc4,
  setResponse: 0xc5,
  actionResponse: 0xc7,
  exceptionResponse: 0xd8,
  accessRequest: 0xd9,
  accessResponse: 0xda,
  generalBlockTransfer: 0xe0,
});

/** Services with short-name referencing: known, and not offered here. */
export const SHORT_NAME_TAGS: ReadonlySet<number> = new Set([
  ApduTag.readRequest,
  ApduTag.writeRequest,
  ApduTag.readResponse,
  ApduTag.writeResponse,
  ApduTag.unconfirmedWriteRequest,
  ApduTag.informationReportRequest,
]);
