// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAccessMarket} from "../../src/market/IAccessMarket.sol";
import {AgoraiTest} from "../utils/AgoraiTest.sol";

/// @notice A model of Boole's, and short words for what is done with it on the market.
abstract contract MarketTest is AgoraiTest {
    uint256 internal constant PRICE = 10_000_000;
    uint256 internal constant DAY = 1 days;
    uint256 internal constant PERPETUAL = type(uint40).max;
    uint8 internal constant TIMED = 1;
    uint8 internal constant TRANSFERABLE = 2;

    address internal reader = makeAddress("a second buyer");
    uint256 internal model;
    uint16 internal nextIndex;

    function setUp() public virtual override {
        super.setUp();
        model = publishFrom(boole, list(), 500);
        fund(buyer, 1e15);
        fund(reader, 1e15);
    }

    /* LISTING */

    /// @dev A perpetual pass for internal use, final at once.
    function termsOf(uint256 price) internal view returns (IAccessMarket.OfferTerms memory terms) {
        terms.token = address(token);
        terms.price = price;
        terms.usage = IAccessMarket.Usage.Internal;
    }

    function timedTerms(uint256 price) internal view returns (IAccessMarket.OfferTerms memory terms) {
        terms = termsOf(price);
        terms.flags = TIMED;
    }

    function heldTerms(uint256 price, uint16 refundHours)
        internal
        view
        returns (IAccessMarket.OfferTerms memory terms)
    {
        terms = termsOf(price);
        terms.refundHours = refundHours;
    }

    function exclusiveTerms(uint256 reserve) internal view returns (IAccessMarket.OfferTerms memory terms) {
        terms = termsOf(reserve);
        terms.usage = IAccessMarket.Usage.Exclusive;
    }

    function bracketsOf(uint16 fromDay, uint16 bps) internal pure returns (IAccessMarket.Bracket[] memory brackets) {
        brackets = new IAccessMarket.Bracket[](1);
        brackets[0] = IAccessMarket.Bracket({fromDay: fromDay, bps: bps});
    }

    function listFor(address owner, uint256 asset, IAccessMarket.OfferTerms memory terms) internal returns (uint256) {
        vm.prank(owner);
        return market.listOffer(asset, nextIndex++, terms);
    }

    /// @dev Of the model, by its owner.
    function listNext(IAccessMarket.OfferTerms memory terms) internal returns (uint256) {
        return listFor(boole, model, terms);
    }

    /* BUYING */

    /// @dev Of one pass or one day, by the next nonce of an account, at any price.
    function purchaseOf(uint256 offerId, address holder)
        internal
        view
        returns (IAccessMarket.Purchase memory purchase)
    {
        purchase.offerId = offerId;
        purchase.version = registry.currentVersion(offerId >> 16);
        purchase.quantity = 1;
        purchase.amountMax = type(uint256).max;
        purchase.nonce = uint32(market.passOf(offerId, holder).purchases);
    }

    function buyAs(address account, IAccessMarket.Purchase memory purchase) internal returns (uint256) {
        vm.prank(account);
        return market.buy(purchase);
    }

    function buyAs(address account, uint256 offerId) internal returns (uint256) {
        return buyAs(account, purchaseOf(offerId, account));
    }

    function buyDays(address account, uint256 offerId, uint256 quantity) internal returns (uint256) {
        IAccessMarket.Purchase memory purchase = purchaseOf(offerId, account);
        purchase.quantity = uint16(quantity);
        return buyAs(account, purchase);
    }

    bytes32 internal constant PURCHASE_TYPEHASH = keccak256(
        "Purchase(uint256 offerId,uint256 version,address payer,address holder,uint32 quantity,uint256 amountMax,uint32 nonce,uint256 expiry)"
    );

    /// @dev What a payer signs, so that anybody may buy for it.
    function hashOf(IAccessMarket.Purchase memory purchase, address payer, uint256 expiry)
        internal
        pure
        returns (bytes32)
    {
        address holder = purchase.holder == address(0) ? payer : purchase.holder;
        return keccak256(
            bytes.concat(
                abi.encode(PURCHASE_TYPEHASH, purchase.offerId, purchase.version, payer, holder),
                abi.encode(purchase.quantity, purchase.amountMax, purchase.nonce, expiry)
            )
        );
    }

    function signPurchase(IAccessMarket.Purchase memory purchase, uint256 expiry) internal view returns (bytes memory) {
        return signFor(BUYER_KEY, address(market), hashOf(purchase, buyer, expiry));
    }

    function refundAs(address account, uint256 offerId) internal returns (uint256) {
        vm.prank(account);
        return market.refund(offerId);
    }

    function release(uint256 offerId, address holder) internal {
        address[] memory holders = new address[](1);
        holders[0] = holder;
        market.release(offerId, holders);
    }

    function accrue(uint256 daysMax) internal returns (uint256) {
        return market.accrue(model, address(token), daysMax);
    }

    /* LOOKING */

    function salesOf(uint256 version) internal view returns (uint256 sales) {
        (sales,,,) = ledger.accountOf(version, address(token));
    }

    function heldByMarket() internal view returns (uint256) {
        return token.balanceOf(address(market));
    }

    function expiryOf(uint256 offerId, address holder) internal view returns (uint256) {
        return market.passOf(offerId, holder).expiry;
    }

    function today() internal view returns (uint256) {
        return block.timestamp / DAY;
    }
}
