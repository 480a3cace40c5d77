// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {EIP712} from "solady/utils/EIP712.sol";
import {MerkleProofLib} from "solady/utils/MerkleProofLib.sol";
import {ReentrancyGuardTransient} from "solady/utils/ReentrancyGuardTransient.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {Places} from "../deployment/Places.sol";
import {RevenueStream} from "../libraries/RevenueStream.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {IRevenueLedger} from "../revenue/IRevenueLedger.sol";
import {IERC3009} from "../tokens/IERC3009.sol";
import {IAccessMarket} from "./IAccessMarket.sol";
import {Offer} from "./Offer.sol";
import {OfferBook} from "./OfferBook.sol";
import {PassWord, PassWordLib} from "./PassWord.sol";

/// @title AccessMarket
/// @notice Sells passes, keeps them, and holds what was paid for them for as long as it may go back.
/// @dev What must always hold is written, numbered, in test/market/invariant/README.md.
contract AccessMarket is OfferBook, EIP712, ReentrancyGuardTransient {
    using RevenueStream for RevenueStream.Flow;

    /* STORAGE */

    uint256 internal constant DAY = 1 days;
    /// @dev Most days that a purchase accrues before it changes the rate.
    uint256 internal constant ACCRUAL_DAYS_MAX = 64;
    uint256 internal constant PAUSE_MAX = 14 days;
    bytes32 internal constant PURCHASE_TYPEHASH = keccak256(
        "Purchase(uint256 offerId,uint256 version,address payer,address holder,uint32 quantity,uint256 amountMax,uint32 nonce,uint256 expiry)"
    );

    struct Slot {
        PassWord pass;
    }

    address internal immutable _governor;

    mapping(uint256 offerId => mapping(address holder => Slot)) internal _passes;
    mapping(uint256 asset => mapping(address token => RevenueStream.Flow)) internal _flows;
    uint40 internal _pausedUntil;

    /// @inheritdoc IAccessMarket
    address public guardian;

    constructor(address guardian_) {
        _governor = Places.governorOf(msg.sender);
        guardian = guardian_;
        emit GuardianSet(guardian_);
    }

    /* BUYING */

    /// @inheritdoc IAccessMarket
    function buy(Purchase calldata purchase) external returns (uint256 amount) {
        return _buy(purchase, msg.sender, 0);
    }

    /// @inheritdoc IAccessMarket
    function buyWithPermit(Purchase calldata purchase, Permit calldata permit) external returns (uint256 amount) {
        return _buyWithPermit(purchase, msg.sender, permit);
    }

    /// @inheritdoc IAccessMarket
    function buyFor(
        address payer,
        Purchase calldata purchase,
        uint256 expiry,
        bytes calldata signature,
        Permit calldata permit
    ) external returns (uint256 amount) {
        if (block.timestamp > expiry) revert AccessMarket_SignatureExpired(expiry);
        bytes32 structHash = keccak256(
            abi.encode(
                PURCHASE_TYPEHASH,
                purchase.offerId,
                purchase.version,
                payer,
                _holderOf(purchase, payer),
                purchase.quantity,
                purchase.amountMax,
                purchase.nonce,
                expiry
            )
        );
        if (!Signatures.isValid(payer, _hashTypedData(structHash), signature)) revert AccessMarket_BadSignature(payer);
        return _buyWithPermit(purchase, payer, permit);
    }

    /// @inheritdoc IAccessMarket
    function buyWithAuthorization(Purchase calldata purchase, IRevenueLedger.Authorization calldata authorization)
        external
        returns (uint256 amount)
    {
        Offer offer;
        (offer, amount) = _grant(purchase, authorization.from, 0);
        if (amount != authorization.amount) revert AccessMarket_AmountMismatch(amount, authorization.amount);
        bytes32 context = _contextOf(purchase, authorization.from);
        // A free one goes to the ledger too, which refuses it: nobody signed for nothing.
        if (amount != 0 && _isHeld(offer)) {
            _takeAuthorized(offer.token(), authorization, _nonceOf(purchase.version, context));
        } else {
            _ledger.payWithAuthorization(purchase.version, offer.token(), authorization, context);
        }
    }

    /// @inheritdoc IAccessMarket
    function buyBundle(bytes32 bundleId, Purchase[] calldata purchases, uint256 amountMax)
        external
        returns (uint256 amount)
    {
        Bundle memory bundle = bundleOf[bundleId];
        if (bundle.owner == address(0)) revert AccessMarket_BundleUnknown(bundleId);
        uint256[] memory offerIds = new uint256[](purchases.length);
        for (uint256 i; i < purchases.length; ++i) {
            offerIds[i] = purchases[i].offerId;
        }
        if (_bundleIdOf(bundle.owner, offerIds, bundle.discountBps) != bundleId) revert AccessMarket_BundleInvalid();
        for (uint256 i; i < purchases.length; ++i) {
            // Whoever owns an asset now did not agree to the discount.
            if (_ownerOf(offerIds[i] >> INDEX_BITS) != bundle.owner) revert AccessMarket_BundleInvalid();
            amount += _buy(purchases[i], msg.sender, bundle.discountBps);
        }
        if (amount > amountMax) revert AccessMarket_PriceAboveMax(amount, amountMax);
    }

    /* HOLDING */

    /// @inheritdoc IAccessMarket
    function refund(uint256 offerId) external returns (uint256 amount) {
        PassWord pass = _runningPass(offerId);
        Offer offer = _offers[offerId];
        if (offer.isTimed()) amount = _cutFlow(offerId, offer.token(), pass);
        else if (block.timestamp < pass.refundUntil()) amount = pass.amount();
        if (amount == 0) revert AccessMarket_RefundClosed(offerId, msg.sender);
        _passes[offerId][msg.sender].pass = pass.ended();
        emit PassRefunded(offerId, msg.sender, amount);
        _giveBack(offer.token(), amount);
    }

    /// @inheritdoc IAccessMarket
    function transferPass(uint256 offerId, address to) external {
        PassWord pass = _runningPass(offerId);
        if (!_offers[offerId].isTransferable()) revert AccessMarket_PassSoulbound(offerId);
        if (to == address(0)) revert AccessMarket_BadPayee(to);
        PassWord other = _passes[offerId][to].pass;
        if (other.expiry() > block.timestamp) revert AccessMarket_PassHeld(offerId, to);
        _passes[offerId][msg.sender].pass = pass.ended();
        _passes[offerId][to].pass = pass.movedTo(other);
        emit PassTransferred(offerId, msg.sender, to);
    }

    /* MONEY THAT BECAME FINAL */

    /// @inheritdoc IAccessMarket
    function release(uint256 offerId, address[] calldata holders) external {
        uint256 version = _registry.currentVersion(offerId >> INDEX_BITS);
        uint256 total;
        for (uint256 i; i < holders.length; ++i) {
            Slot storage slot = _passes[offerId][holders[i]];
            PassWord pass = slot.pass;
            // Released, refunded or moved meanwhile: nothing waits, which is no error.
            if (pass.refundUntil() == 0) continue;
            if (block.timestamp < pass.refundUntil()) revert AccessMarket_RefundOpen(offerId, holders[i]);
            slot.pass = pass.released();
            uint256 amount = pass.amount();
            total += amount;
            emit PassReleased(offerId, holders[i], version, amount);
        }
        _payIn(version, _offers[offerId].token(), total);
    }

    /// @inheritdoc IAccessMarket
    function accrue(uint256 asset, address token, uint256 daysMax) external returns (uint256 amount) {
        RevenueStream.Flow storage flow = _flows[asset][token];
        uint256 day;
        (day, amount) = flow.take(block.timestamp / DAY, daysMax);
        if (day == 0) return 0;
        uint256 version = _registry.currentVersion(asset);
        emit RevenueAccrued(asset, token, version, day, amount);
        _payIn(version, token, amount);
    }

    /* GOVERNED */

    /// @inheritdoc IAccessMarket
    function pause(uint256 seconds_) external {
        if (msg.sender != guardian) revert AccessMarket_NotGuardian(msg.sender);
        if (seconds_ > PAUSE_MAX) revert AccessMarket_QuantityInvalid(seconds_);
        _pausedUntil = uint40(block.timestamp + seconds_);
        emit Paused(_pausedUntil);
    }

    /// @inheritdoc IAccessMarket
    function unpause() external {
        if (msg.sender != _governor) revert AccessMarket_NotGovernor(msg.sender);
        _pausedUntil = 0;
        emit Paused(0);
    }

    /// @inheritdoc IAccessMarket
    function setGuardian(address guardian_) external {
        if (msg.sender != _governor) revert AccessMarket_NotGovernor(msg.sender);
        guardian = guardian_;
        emit GuardianSet(guardian_);
    }

    /* VIEWS */

    /// @inheritdoc IAccessMarket
    function authorizationNonceOf(Purchase calldata purchase, address payer) external view returns (bytes32) {
        return _nonceOf(purchase.version, _contextOf(purchase, payer));
    }

    /// @inheritdoc IAccessMarket
    function passOf(uint256 offerId, address holder) external view returns (Pass memory) {
        return _passes[offerId][holder].pass.unpack();
    }

    /// @inheritdoc IAccessMarket
    function streamOf(uint256 asset, address token) external view returns (Stream memory) {
        return _flows[asset][token].headOf();
    }

    /// @inheritdoc IAccessMarket
    function rateChangeOf(uint256 asset, address token, uint256 day) external view returns (int256) {
        return _flows[asset][token].changeOn(day);
    }

    /// @inheritdoc IAccessMarket
    function isEntitled(uint256 offerId, address holder, uint256 version) external view returns (bool) {
        if (_passes[offerId][holder].pass.expiry() <= block.timestamp) return false;
        return _registry.assetOf(version) == offerId >> INDEX_BITS;
    }

    /// @inheritdoc IAccessMarket
    function pausedUntil() external view returns (uint256) {
        return _pausedUntil;
    }

    /* SELLING */

    function _buy(Purchase calldata purchase, address payer, uint256 discountBps) internal returns (uint256 amount) {
        Offer offer;
        (offer, amount) = _grant(purchase, payer, discountBps);
        if (amount == 0) return 0;
        if (_isHeld(offer)) _take(payer, offer.token(), amount);
        else _ledger.payFrom(payer, purchase.version, offer.token(), amount);
    }

    /// @dev Whoever sees a permit may use it first, so one that fails is no error: the payment fails without allowance.
    function _buyWithPermit(Purchase calldata purchase, address payer, Permit calldata permit)
        internal
        returns (uint256)
    {
        if (permit.deadline != 0) {
            bytes memory data = abi.encodeCall(
                IERC20Permit.permit,
                (payer, address(_ledger), permit.amount, permit.deadline, permit.v, permit.r, permit.s)
            );
            address token = _offers[purchase.offerId].token();
            assembly ("memory-safe") {
                pop(call(gas(), token, 0, add(data, 0x20), mload(data), 0, 0))
            }
        }
        return _buy(purchase, payer, 0);
    }

    /// @dev Checks what the buyer agreed to and stores the pass. The payment follows; if it fails, nothing happened.
    function _grant(Purchase calldata purchase, address payer, uint256 discountBps)
        internal
        returns (Offer offer, uint256 amount)
    {
        if (block.timestamp < _pausedUntil) revert AccessMarket_Paused(_pausedUntil);
        uint256 offerId = purchase.offerId;
        offer = _openOffer(offerId);
        uint256 version = _registry.versionForBuyer(offerId >> INDEX_BITS);
        if (version != purchase.version) revert AccessMarket_VersionChanged(purchase.version, version);
        amount = _priceOf(offerId, offer, purchase.quantity);
        unchecked {
            // At most the whole, and prices are far below 2^256 / 10,000.
            if (discountBps != 0) amount = amount * (BPS - discountBps) / BPS;
        }
        if (amount > purchase.amountMax) revert AccessMarket_PriceAboveMax(amount, purchase.amountMax);

        address holder = _holderOf(purchase, payer);
        Slot storage slot = _passes[offerId][holder];
        PassWord pass = slot.pass;
        if (pass.expiry() == PassWordLib.PERPETUAL) revert AccessMarket_PassHeld(offerId, holder);
        uint32 nonce = purchase.nonce;
        if (nonce != pass.purchases() || nonce == PassWordLib.PURCHASES_MAX) {
            revert AccessMarket_NonceInvalid(pass.purchases(), nonce);
        }
        PassWord next = offer.isPlain() ? PassWordLib.FINAL : _passOf(purchase, offer, holder, pass, amount);
        next = next.granted(pass);
        slot.pass = next;
        emit PassGranted(
            offerId, version, holder, payer, amount, nonce, uint40(next.expiry()), uint40(next.refundUntil())
        );
    }

    /// @dev What is special about an offer: who may buy it, how long the pass holds, and what of its price may go back.
    function _passOf(Purchase calldata purchase, Offer offer, address holder, PassWord pass, uint256 amount)
        internal
        returns (PassWord)
    {
        uint256 offerId = purchase.offerId;
        if (offer.isGated()) _requireAdmitted(offerId, holder, purchase.proof);
        if (offer.isTimed()) return _renew(offerId, offer.token(), pass, purchase.quantity, amount);
        if (offer.isExclusive()) _registry.setSoldExclusively(offerId >> INDEX_BITS);
        if (amount == 0 || !_isHeld(offer)) return PassWordLib.FINAL;
        return PassWordLib.make(PassWordLib.PERPETUAL, block.timestamp + offer.refundHours() * 1 hours, amount);
    }

    /// @dev Adds days to a timed pass. Money of days that have not begun and the new money merge into one rate, which
    /// pays from the first of those days to the last new one; what does not divide is earned at once.
    function _renew(uint256 offerId, address token, PassWord pass, uint256 quantity, uint256 amount)
        internal
        returns (PassWord)
    {
        (uint256 expiry, uint256 rate) = (pass.expiry(), pass.amount());
        uint256 endBefore = expiry / DAY;
        uint256 left;
        if (expiry > block.timestamp) left = (expiry - block.timestamp) / DAY;
        else expiry = block.timestamp;
        uint256 expiryAfter = expiry + quantity * DAY;
        uint256 span = left + quantity;
        if (span > QUANTITY_MAX) revert AccessMarket_QuantityInvalid(quantity);
        uint256 sum = left * rate + amount;
        if (sum == 0) return PassWordLib.make(expiryAfter, 0, 0);
        if (left == 0) rate = 0;
        uint256 rateAfter = sum / span;

        uint256 asset = offerId >> INDEX_BITS;
        RevenueStream.Flow storage flow = _flows[asset][token];
        uint256 today = block.timestamp / DAY;
        if (!flow.earn(today, ACCRUAL_DAYS_MAX, sum - rateAfter * span)) {
            revert AccessMarket_AccrualBehind(asset, token);
        }
        uint256 end = expiryAfter / DAY;
        if (rateAfter != rate) flow.change(end - span, int256(rateAfter) - int256(rate));
        if (left != 0) flow.change(endBefore, int256(rate));
        flow.change(end, -int256(rateAfter));
        return PassWordLib.make(expiryAfter, 0, rateAfter);
    }

    /// @dev Takes the days of a timed pass that have not begun out of its stream, and says what they cost.
    function _cutFlow(uint256 offerId, address token, PassWord pass) internal returns (uint256 amount) {
        uint256 left = (pass.expiry() - block.timestamp) / DAY;
        uint256 rate = pass.amount();
        amount = left * rate;
        if (amount == 0) return 0;
        RevenueStream.Flow storage flow = _flows[offerId >> INDEX_BITS][token];
        uint256 end = pass.expiry() / DAY;
        flow.change(end - left, -int256(rate));
        flow.change(end, int256(rate));
    }

    function _runningPass(uint256 offerId) internal view returns (PassWord pass) {
        pass = _passes[offerId][msg.sender].pass;
        if (pass.expiry() <= block.timestamp) revert AccessMarket_PassMissing(offerId, msg.sender);
    }

    /* MONEY: what the market holds moves once at a time, so that every move can be measured */

    function _take(address payer, address token, uint256 amount) internal nonReentrant {
        _ledger.holdFrom(payer, token, amount);
        _requireBounded(token, amount);
    }

    /// @dev Takes a signed payment into the market and measures that exactly so much arrived.
    function _takeAuthorized(address token, IRevenueLedger.Authorization calldata authorization, bytes32 nonce)
        internal
        nonReentrant
    {
        uint256 before = SafeTransferLib.balanceOf(token, address(this));
        IERC3009(token)
            .receiveWithAuthorization(
                authorization.from,
                address(this),
                authorization.amount,
                authorization.validAfter,
                authorization.validBefore,
                nonce,
                authorization.signature
            );
        uint256 current = _requireBounded(token, authorization.amount);
        uint256 received = current > before ? current - before : 0;
        if (received != authorization.amount) {
            revert AccessMarket_TokenUnsupported(token, authorization.amount, received);
        }
    }

    function _giveBack(address token, uint256 amount) internal nonReentrant {
        SafeTransferLib.safeTransfer(token, msg.sender, amount);
    }

    function _payIn(uint256 version, address token, uint256 amount) internal nonReentrant {
        if (amount != 0) _ledger.payFrom(address(this), version, token, amount);
    }

    /// @dev Every sum that is kept of a token is at most what the market holds of it, so one bound serves all.
    function _requireBounded(address token, uint256 amount) internal view returns (uint256 balance) {
        balance = SafeTransferLib.balanceOf(token, address(this));
        if (balance > HELD_MAX) revert AccessMarket_PriceTooLarge(amount);
    }

    /* AGREEING */

    function _requireAdmitted(uint256 offerId, address holder, bytes32[] calldata proof) internal view {
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(holder))));
        if (!MerkleProofLib.verifyCalldata(proof, _gates[offerId], leaf)) revert AccessMarket_NotAdmitted(holder);
    }

    function _holderOf(Purchase calldata purchase, address payer) internal pure returns (address holder) {
        holder = purchase.holder;
        if (holder == address(0)) return payer;
    }

    function _contextOf(Purchase calldata purchase, address payer) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                purchase.offerId, _holderOf(purchase, payer), purchase.quantity, purchase.amountMax, purchase.nonce
            )
        );
    }

    function _nonceOf(uint256 version, bytes32 context) internal view returns (bytes32) {
        return keccak256(abi.encode(address(this), version, context));
    }

    function _domainNameAndVersion() internal pure override returns (string memory, string memory) {
        return ("Agorai", "1");
    }

    function _useTransientReentrancyGuardOnlyOnMainnet() internal pure override returns (bool) {
        return false;
    }
}
