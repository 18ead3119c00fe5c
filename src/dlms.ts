/**
 * The package export `meterstorm/dlms`: DLMS/COSEM (IEC 62056) as a library, both roles. docs/dlms-library.md shows how to
 * read a meter and how to be one.
 *
 *   connect, listen             a client and a server on the sockets of Node
 *   ClientAssociation, ...      the client without sockets: operations as generators, which any link can drive
 *   ServerConnection, ...       the server without sockets: an APDU in, an APDU out
 *   encodeData, decodeApdu, ... the codecs
 *
 * What is listed here stays; what is behind it may change.
 */

// ---- A client in Node ----

export { type BytesOrHex, connect, type ConnectOptions, type ConnectSecurity, securityKeys } from './network/dlms/connect.ts';
export { DlmsClient, type DlmsClientOptions, type Name } from './network/dlms/dlms-client.ts';
export { DlmsLink, type LinkOptions } from './network/dlms/dlms-link.ts';
export type { ClientFraming, FramingSink, Station } from './network/dlms/framing.ts';
export { HdlcClientFraming, type HdlcClientFramingOptions } from './network/dlms/hdlc-client-framing.ts';
export { WrapperFraming } from './network/dlms/wrapper-framing.ts';

// ---- A server in Node ----

export { listen, type ListenOptions } from './network/dlms/listen.ts';
export { DlmsServer, type DlmsServerOptions, type DlmsServerStats } from './network/dlms/dlms-server.ts';
export type { ApduHandler } from './network/dlms/server-framing.ts';
export type { HdlcServerOptions } from './network/dlms/hdlc-server-framing.ts';

// ---- Wires and clocks that both stand on ----

export { type Clock, systemClock, type Timer, VirtualClock } from './base/clock.ts';
export { MemoryWire } from './network/wire/memory-wire.ts';
export { TcpWire } from './network/wire/tcp-wire.ts';
export { TlsWire, type TlsIdentity, type TlsWireOptions } from './network/wire/tls-wire.ts';
export { UdpWire, type UdpWireOptions } from './network/wire/udp-wire.ts';
export type { CloseReason, Connection, ConnectionHandlers, Endpoint, Listener, Wire } from './network/wire/wire.ts';

// ---- The client, sans-IO ----

export { ClientAssociation } from './protocol/dlms/client/client-association.ts';
export type {
  AccessItem,
  AccessReturn,
  ActionItem,
  CipheringKind,
  ClientOptions,
  ClientQuirks,
  ClientSecurity,
  Exchange,
  GetItem,
  Mechanism,
  Negotiated,
  SetItem,
} from './protocol/dlms/client/client-options.ts';
export {
  invokeMethod,
  readClock,
  readData,
  readDataList,
  readInvocationCounter,
  readLogicalDeviceName,
  readRegister,
  readScalerUnit,
  type RegisterReading,
  scaled,
  type ScalerUnit,
  scalerUnitOf,
  writeClock,
  writeData,
} from './protocol/dlms/client/client-reader.ts';
export { DlmsError, type DlmsErrorCode, type DlmsErrorDetails } from './protocol/dlms/client/dlms-error.ts';
export { type DateQuirks, type Instant, instantOf, instantOfBytes, putInstant } from './protocol/dlms/client/instant.ts';
export type { Notification } from './protocol/dlms/client/notification.ts';
export { type AttributeAccess, type MethodAccess, type ObjectListEntry, readObjectList } from './protocol/dlms/client/object-list.ts';
export { type PlainValue, plainValue, textOf } from './protocol/dlms/client/plain-value.ts';
export {
  type CaptureObject,
  captureObjectOf,
  entrySelection,
  type EntryRange,
  type Profile,
  type ProfileQuirks,
  type ProfileRequest,
  rangeSelection,
  readCaptureObjects,
  readCapturePeriod,
  readProfile,
  readProfileBuffer,
  type TimeRange,
} from './protocol/dlms/client/profile-reader.ts';
export { actionResultName, dataAccessResultName } from './protocol/dlms/client/result-names.ts';
export { unitName } from './protocol/dlms/client/unit-names.ts';

// ---- The server, sans-IO ----

export type {
  AccessLevel,
  AssociationFacts,
  CosemAttribute,
  CosemMethod,
  CosemObject,
  DecodedSelection,
  InvokeRequest,
  PartnerFacts,
  ReadRequest,
  WriteRequest,
} from './protocol/dlms/server/cosem-object.ts';
export type { ClientRights, DeviceHost, LogicalDevice, PreEstablished } from './protocol/dlms/server/device-host.ts';
export type { DeviceSecurity } from './protocol/dlms/server/device-security.ts';
export { KeptSecurity } from './protocol/dlms/server/kept-security.ts';
export { ObjectCatalogue } from './protocol/dlms/server/object-catalogue.ts';
export { ServerConnection } from './protocol/dlms/server/server-connection.ts';
export { ServerCore, type ServerCoreOptions } from './protocol/dlms/server/server-core.ts';
export { SERVER_DEFAULTS, type ServerSettings } from './protocol/dlms/server/server-settings.ts';
export { ServerStats } from './protocol/dlms/server/server-stats.ts';
export {
  associationObject,
  invocationCounterObject,
  sapAssignmentObject,
  securitySetupObject,
} from './protocol/dlms/server/standard-objects.ts';

// ---- Data ----

export { AxdrReader } from './protocol/dlms/data/axdr-reader.ts';
export { ByteWriter } from './protocol/dlms/data/byte-writer.ts';
export { type Decoded, decodeData, encodeData, putData, readData as readDataFrom, skipData } from './protocol/dlms/data/data-codec.ts';
export type { Data, DataType, NumberType, TypeDescription } from './protocol/dlms/data/data.ts';
export { decodeDateTime, emptyDateTime, putDateTime, type DateTime } from './protocol/dlms/data/date-time.ts';
export { formatObis, obisOf, parseObis } from './protocol/dlms/data/obis.ts';
export { expandProfile, type ProfileColumns, type ProfileRows } from './protocol/dlms/data/profile-columns.ts';

// ---- APDUs ----

export { decodeApdu, encodeApdu } from './protocol/dlms/apdu/apdu.ts';
export type { ActionReply, Apdu } from './protocol/dlms/apdu/apdu-types.ts';
export type { AttributeDescriptor, MethodDescriptor, Selection } from './protocol/dlms/apdu/descriptors.ts';
export { isGateway, putGatewayHead, readGateway, type Gateway } from './protocol/dlms/apdu/gateway.ts';
export { GbtReceiver, GbtSender, type GbtSenderOptions, type GbtTaken } from './protocol/dlms/apdu/gbt.ts';
export { ActionResult, DataAccessResult, type GetResult } from './protocol/dlms/apdu/results.ts';
export { Conformance, conformanceNames } from './protocol/dlms/acse/conformance.ts';
export { type Diagnostic, diagnosticText } from './protocol/dlms/acse/diagnostics.ts';

// ---- Security ----

export { ReceiveCounter, SendCounter } from './protocol/dlms/security/counters.ts';
export { unwrapKey, wrapKey } from './protocol/dlms/security/key-wrap.ts';
export { MasterKey, newMasterKeyBytes, type SecurityKeys } from './protocol/dlms/security/keys.ts';
export { REFUSAL_REASONS, type RefusalReason, Refusals } from './protocol/dlms/security/refusals.ts';
export type { SecurityPolicy } from './protocol/dlms/security/message-cipher.ts';
export type { SecuritySuite } from './protocol/dlms/security/suite.ts';

// ---- Links, sans-IO ----

export { HdlcClientLink, type HdlcClientHandlers, type HdlcClientOptions } from './protocol/hdlc/hdlc-client-link.ts';
export { hdlcAddress, type HdlcAddress } from './protocol/hdlc/hdlc-address.ts';
export { HdlcCounts } from './protocol/hdlc/hdlc-counts.ts';
export { HdlcPushReceiver } from './protocol/hdlc/hdlc-push-receiver.ts';
export { HdlcServerLink, type HdlcServerHandlers } from './protocol/hdlc/hdlc-server-link.ts';
export type { HdlcLimits } from './protocol/hdlc/link-parameters.ts';
export { putWrapperHeader, type WPorts } from './protocol/wrapper/wpdu.ts';
export { WrapperReceiver } from './protocol/wrapper/wrapper-receiver.ts';
