// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {LibClone} from "solady/utils/LibClone.sol";
import {ReentrancyGuardTransient} from "solady/utils/ReentrancyGuardTransient.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {IRevenueLedger} from "../revenue/IRevenueLedger.sol";
import {IBatchSettlement} from "./IBatchSettlement.sol";
import {IOperatorReceiver} from "./IOperatorReceiver.sol";
import {X402} from "./X402.sol";

/// @title OperatorReceiver
/// @notice The one payee of all channels with an operator.
/// @dev Each operator's is a clone whose code ends with the operator's address.
/// What must always hold is written, numbered, in test/payments/invariant/README.md.
contract OperatorReceiver is IOperatorReceiver, ReentrancyGuardTransient {
    /* STORAGE */

    bytes4 internal constant NOT_SIGNED = 0xffffffff;
    uint256 internal constant ADDRESS_LENGTH = 20;

    IRevenueLedger internal immutable _ledger;

    address internal _authorizer;
    /// @inheritdoc IOperatorReceiver
    mapping(address token => uint256) public distributedOf;
    mapping(address token => mapping(uint256 version => uint256)) internal _totals;

    constructor(IRevenueLedger ledger) {
        _ledger = ledger;
    }

    /* MONEY */

    /// @inheritdoc IOperatorReceiver
    function distribute(address token, uint256[] calldata versions, uint128[] calldata totals, bytes32 receiptsRoot)
        external
        nonReentrant
    {
        if (msg.sender != authorizer() && msg.sender != owner()) revert OperatorReceiver_NotStater(msg.sender);
        if (versions.length != totals.length) revert OperatorReceiver_LengthsDiffer(versions.length, totals.length);
        uint256 settled = _settledOf(token);
        uint256 amount = settled - distributedOf[token];
        distributedOf[token] = settled;
        // Spent to the last unit below, or the sum is wrong.
        SafeTransferLib.safeApproveWithRetry(token, address(_ledger), amount);
        uint256 stated = _payTotals(token, versions, totals, amount);
        if (stated != amount) revert OperatorReceiver_SumWrong(stated, amount);
        if (amount != 0) emit Distributed(token, amount, receiptsRoot);
    }

    /// @inheritdoc IOperatorReceiver
    function rescueToken(address token, address to) external nonReentrant {
        if (msg.sender != owner()) revert OperatorReceiver_NotOwner(msg.sender);
        if (to == address(0) || to == address(this)) revert OperatorReceiver_BadPayee(to);
        uint256 balance = SafeTransferLib.balanceOf(token, address(this));
        uint256 kept = _settledOf(token) - distributedOf[token];
        if (balance <= kept) revert OperatorReceiver_NothingToRescue(token);
        SafeTransferLib.safeTransfer(token, to, balance - kept);
        emit Rescued(token, to, balance - kept);
    }

    /* SIGNATURES */

    /// @inheritdoc IOperatorReceiver
    function setAuthorizer(address authorizer_) external {
        if (msg.sender != owner()) revert OperatorReceiver_NotOwner(msg.sender);
        _authorizer = authorizer_;
        emit AuthorizerSet(authorizer());
    }

    /// @inheritdoc IOperatorReceiver
    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        bool signed =
            msg.sender == X402.SETTLEMENT && SignatureChecker.isValidSignatureNow(authorizer(), digest, signature);
        return signed ? this.isValidSignature.selector : NOT_SIGNED;
    }

    /* VIEWS */

    /// @inheritdoc IOperatorReceiver
    function owner() public view returns (address) {
        // forge-lint: disable-next-line(unsafe-typecast)
        return address(bytes20(LibClone.argsOnClone(address(this), 0, ADDRESS_LENGTH)));
    }

    /// @inheritdoc IOperatorReceiver
    function authorizer() public view returns (address) {
        address named = _authorizer;
        return named == address(0) ? owner() : named;
    }

    /// @inheritdoc IOperatorReceiver
    function totalOf(address token, uint256 version) external view returns (uint256) {
        return _totals[token][version];
    }

    /* INTERNAL */

    /// @dev Pays what each total grew by, and says how much that is in all.
    /// @param most Nothing is paid beyond it, so that a wrong sum is told as what it is.
    function _payTotals(address token, uint256[] calldata versions, uint128[] calldata totals, uint256 most)
        internal
        returns (uint256 stated)
    {
        mapping(uint256 => uint256) storage known = _totals[token];
        uint256 previous;
        for (uint256 i; i < versions.length; ++i) {
            (uint256 version, uint256 total) = (versions[i], totals[i]);
            if (version <= previous) revert OperatorReceiver_VersionsUnordered(version);
            previous = version;
            uint256 before = known[version];
            if (total < before) revert OperatorReceiver_TotalDescends(version, total, before);
            if (total == before) continue;
            known[version] = total;
            stated += total - before;
            if (stated <= most) _ledger.pay(version, token, total - before);
        }
    }

    function _settledOf(address token) internal view returns (uint256 settled) {
        (, settled) = IBatchSettlement(X402.SETTLEMENT).receivers(address(this), token);
    }

    function _useTransientReentrancyGuardOnlyOnMainnet() internal pure override returns (bool) {
        return false;
    }
}
